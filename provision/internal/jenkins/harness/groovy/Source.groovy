import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases

/** A Jenkinsfile as its syntax tree. */
class Source {

    final String text
    final ModuleNode module
    final List<Fault> faults = []

    Source(String text) {
        this.text = text
        CompilationUnit unit = new CompilationUnit()
        unit.addSource('Jenkinsfile', text)
        try {
            unit.compile(Phases.CONVERSION)
            module = unit.AST.modules[0]
        } catch (MultipleCompilationErrorsException e) {
            e.errorCollector.errors.each { faults << new Fault(it.cause.line, it.cause.message) }
        }
    }

    /** The one `pipeline { … }`, or null with a fault. */
    Call pipeline() {
        List<Call> calls = module.statementBlock.statements.collect { Call.of(it) }
        if (calls.size() != 1 || calls[0]?.name != 'pipeline') {
            faults << new Fault(1, 'must hold one `pipeline { … }`, and functions')
            return null
        }
        return calls[0]
    }

    Set<String> functions() {
        return module.methods*.name as LinkedHashSet
    }

}
