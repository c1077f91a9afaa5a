import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement

/** Finds what Jenkins would refuse before a build begins, and what it would only stumble over while one runs. */
class Checker {

    private final Source source
    private final List<Fault> faults = []
    private final Set<String> functions

    Checker(Source source) {
        this.source = source
        functions = source.functions()
    }

    List<Fault> check() {
        Call pipeline = source.pipeline()
        if (pipeline != null) {
            section(pipeline, 'pipeline')
            require(pipeline, 'pipeline', ['agent', 'stages'])
        }
        source.module.methods.each { free(it.code) }
        return faults
    }

    private void fault(int line, CharSequence text) {
        faults << new Fault(line, text.toString())
    }

    /** The content of a section; `owner` is that of its options. */
    private void section(Call call, String owner) {
        List<Call> calls = content(call)
        Set<String> known = known(call.name, owner)
        calls.each { inner ->
            if (inner.name in known) {
                element(inner, call.name)
            } else {
                fault(inner.line, "${call.name} has no `${inner.name}`; known: ${known.join(', ')}")
            }
        }
        calls.countBy { it.name }.findAll { name, count -> count > 1 && !(name in REPEATED) }.each { name, count ->
            fault(call.line, "${call.name} has `${name}` ${count} times")
        }
    }

    private static final Set<String> REPEATED = ['stage', 'string', 'booleanParam', 'choice', 'branch', 'expression', 'environment', 'not']

    private static Set<String> known(String section, String owner) {
        if (section in Grammar.CONDITION_BLOCKS) {
            return Grammar.SECTIONS.when
        }
        return section == 'options' && owner == 'stage' ? Grammar.STAGE_OPTIONS : Grammar.SECTIONS[section]
    }

    private List<Call> content(Call call) {
        return call.statements().collect { statement ->
            Call inner = Call.of(statement)
            if (inner == null) {
                fault(statement.lineNumber, "${call.name} holds something that is not one of its elements")
            }
            inner
        }.findAll { it != null }
    }

    private void element(Call call, String parent) {
        if (call.name == 'environment' && parent != 'when' && !(parent in Grammar.CONDITION_BLOCKS)) {
            environment(call)
            return
        }
        arguments(call, Grammar.SECTION_ARGUMENTS[call.name])
        if (call.name in Grammar.STEP_BLOCKS) {
            steps(call)
        } else if (call.name == 'expression') {
            free(call.block)
        } else if (call.name in Grammar.SECTIONS || call.name in Grammar.CONDITION_BLOCKS) {
            agentOrSection(call, parent)
        }
        if (call.name == 'stage') {
            stage(call)
        }
    }

    private void agentOrSection(Call call, String parent) {
        if (call.name == 'agent' && call.block == null) {
            if (!(call.positional[0]?.text in ['any', 'none'])) {
                fault(call.line, 'agent must be any, none or a block')
            }
            return
        }
        section(call, parent)
    }

    private void stage(Call call) {
        List<String> bodies = content(call)*.name.findAll { it in ['steps', 'stages'] }
        if (bodies.size() != 1) {
            fault(call.line, "stage ${call.positional[0]?.text} must have either steps or stages")
        }
    }

    private void require(Call call, String owner, List<String> names) {
        Set<String> present = content(call)*.name
        (names - present).each { fault(call.line, "${owner} needs `${it}`") }
    }

    private void environment(Call call) {
        call.statements().each { Statement statement ->
            Expression e = statement instanceof ExpressionStatement ? statement.expression : null
            if (!(e instanceof BinaryExpression && e.operation.text == '=')) {
                fault(statement.lineNumber, 'environment holds something that is no `NAME = value`')
                return
            }
            value(e.rightExpression)
        }
    }

    private void arguments(Call call, Arguments wanted) {
        if (wanted == null) {
            return
        }
        wanted.faults(call.given(), call.block != null).each { fault(call.line, "${call.name} ${it}") }
        (call.positional + call.named.values()).each { value(it) }
    }

    /** Calls among arguments, such as logRotator(…). */
    private void value(Expression e) {
        if (e instanceof MethodCallExpression && e.implicitThis) {
            Call call = new Call(e)
            if (call.name in Grammar.VALUES) {
                arguments(call, Grammar.VALUES[call.name])
            } else if (!(call.name in functions) && !(call.name in Grammar.STEPS)) {
                fault(call.line, "there is no `${call.name}`")
            }
        }
    }

    /** Steps outside of `script`: nothing but steps. */
    private void steps(Call block) {
        block.statements().each { statement ->
            Call call = Call.of(statement)
            if (call == null) {
                fault(statement.lineNumber, "${block.name} holds something that is not a step; code goes into script { … }")
                return
            }
            step(call)
            (call.positional + call.named.values()).each { free(it) }
            if (call.block != null && call.name == 'script') {
                free(call.block)
            } else if (call.block != null) {
                steps(call)
            }
        }
    }

    /** Anything goes, but calls without an object must be steps or functions. */
    private void free(node) {
        new Calls({ Call call -> step(call) }).visit(node)
    }

    private void step(Call call) {
        Arguments wanted = Grammar.STEPS[call.name] ?: Grammar.BINDINGS[call.name]
        if (wanted != null) {
            arguments(call, wanted)
        } else if (!(call.name in functions)) {
            fault(call.line, "there is no step `${call.name}`; known: ${Grammar.STEPS.keySet().join(', ')}")
        }
    }

}
