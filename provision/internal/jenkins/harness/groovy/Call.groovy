import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.expr.ArgumentListExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.ReturnStatement
import org.codehaus.groovy.ast.stmt.Statement

/** A call as it is written: `name(argument, key: value) { block }`. */
class Call {

    final String name
    final int line
    final Map<String, Expression> named = [:]
    final List<Expression> positional = []
    ClosureExpression block

    Call(MethodCallExpression source) {
        name = source.methodAsString
        line = source.lineNumber
        Expression arguments = source.arguments
        List<Expression> all = arguments instanceof TupleExpression ? arguments.expressions : [arguments]
        all.each { take(it) }
    }

    private void take(Expression argument) {
        if (argument instanceof MapExpression) {
            argument.mapEntryExpressions.each { named[it.keyExpression.text] = it.valueExpression }
        } else if (argument instanceof ClosureExpression) {
            block = argument
        } else {
            positional << argument
        }
    }

    Set<String> given() {
        return (named.keySet() + (positional ? ['1'] : [])) as LinkedHashSet
    }

    /** The argument of this name, or the one without. */
    Expression argument(String key) {
        return named[key] ?: positional[0]
    }

    List<Statement> statements() {
        return block == null ? [] : statementsOf(block.code)
    }

    static List<Statement> statementsOf(ASTNode code) {
        return code instanceof BlockStatement ? code.statements : [code as Statement]
    }

    /** The call that this statement is, or null. */
    static Call of(Statement statement) {
        Expression expression = null
        if (statement instanceof ExpressionStatement || statement instanceof ReturnStatement) {
            expression = statement.expression
        }
        return expression instanceof MethodCallExpression && expression.implicitThis ? new Call(expression) : null
    }

}
