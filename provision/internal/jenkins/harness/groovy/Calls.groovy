import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.PropertyExpression
import org.codehaus.groovy.ast.expr.VariableExpression

/** Walks through code and hands over every call without an object, and every string with a variable in it. */
class Calls extends CodeVisitorSupport {

    private final Closure onCall
    private final Closure onText

    Calls(Closure onCall, Closure onText = null) {
        this.onCall = onCall
        this.onText = onText
    }

    /** The names that an expression reads, those of `env.NAME` too. */
    static Set<String> variables(Expression e) {
        Set<String> names = []
        e.visit(new CodeVisitorSupport() {

            @Override
            void visitVariableExpression(VariableExpression variable) {
                names << variable.name
            }

            @Override
            void visitPropertyExpression(PropertyExpression property) {
                names << property.propertyAsString
                super.visitPropertyExpression(property)
            }

        })
        return names
    }

    void visit(node) {
        node.visit(this)
    }

    @Override
    void visitMethodCallExpression(MethodCallExpression call) {
        if (call.implicitThis && onCall != null) {
            onCall(new Call(call))
        }
        super.visitMethodCallExpression(call)
    }

    @Override
    void visitGStringExpression(GStringExpression text) {
        if (onText != null) {
            onText(text)
        }
        super.visitGStringExpression(text)
    }

}
