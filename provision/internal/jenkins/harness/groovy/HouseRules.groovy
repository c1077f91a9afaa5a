import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression

/** What Jenkins would run without a word, and this project does not want. */
class HouseRules {

    private static final List<String> STAGES =
        ['Checkout', 'Check', 'Test', 'Security', 'Build', 'Push', 'Plan', 'Deploy', 'Verify']
    private static final List<String> OPTIONS =
        ['timestamps', 'disableConcurrentBuilds', 'skipDefaultCheckout', 'timeout', 'buildDiscarder']

    private final Call pipeline
    private final Source source
    private final Collection<String> credentials
    private final List<Fault> faults = []

    HouseRules(Source source, Call pipeline, Collection<String> credentials) {
        this.source = source
        this.pipeline = pipeline
        this.credentials = credentials
    }

    List<Fault> check() {
        options()
        stages()
        deploy()
        notifications()
        secrets()
        return faults
    }

    private void fault(int line, CharSequence text) {
        faults << new Fault(line, text.toString())
    }

    private static List<Call> inside(Call call, String name) {
        return call.statements().collect { Call.of(it) }.findAll { it?.name == name }
    }

    private static Call first(Call call, String name) {
        return call == null ? null : inside(call, name)[0]
    }

    private void options() {
        Call options = first(pipeline, 'options')
        OPTIONS.findAll { first(options, it) == null }.each {
            fault(options?.line ?: pipeline.line, "the pipeline's options lack `${it}`")
        }
        if (first(pipeline, 'triggers') == null) {
            fault(pipeline.line, 'the pipeline has no trigger')
        }
    }

    /** Every stage with the stages around it, in the order in which they run. */
    private List<List<Call>> paths(Call around = pipeline, List<Call> path = []) {
        return inside(around, 'stages').collectMany { inside(it, 'stage') }.collectMany { stage ->
            [path + stage] + paths(stage, path + stage)
        }
    }

    private static String title(Call stage) {
        return stage.positional[0]?.text
    }

    private void stages() {
        List<String> present = paths()*.last().collect { title(it) }
        (STAGES - present).each { fault(first(pipeline, 'stages').line, "there is no stage `${it}`") }
        List<String> order = present.findAll { it in STAGES }
        if (order.containsAll(STAGES) && order != STAGES) {
            fault(first(pipeline, 'stages').line, "the stages run in the order ${order.join(', ')}; want ${STAGES.join(', ')}")
        }
    }

    /** Everything that writes to the swarm: on main only, one at a time, and not for ever. */
    private void deploy() {
        paths().findAll { title(it.last()) in ['Deploy', 'Roll back', 'Verify'] }.each { path ->
            String stage = "stage `${title(path.last())}`"
            int line = path.last().line
            if (!path.any { first(first(it, 'options'), 'lock') }) {
                fault(line, "${stage} holds no lock")
            }
            if (!path.any { first(first(it, 'options'), 'timeout') }) {
                fault(line, "${stage} has no timeout")
            }
            if (!path.any { first(first(it, 'when'), 'branch')?.argument('1')?.text == 'main' }) {
                fault(line, "${stage} is not for the branch main alone")
            }
        }
    }

    private void notifications() {
        Call post = first(pipeline, 'post')
        ['failure', 'fixed', 'always'].findAll { first(post, it) == null }.each {
            fault(post?.line ?: pipeline.line, "nothing happens after the pipeline under `${it}`")
        }
    }

    /** Secrets come from known credentials, and only the shell puts them in. */
    private void secrets() {
        Set<String> names = []
        Closure onCall = { Call call ->
            if (call.named.credentialsId) {
                names.addAll(bound(call))
            }
            if (call.name == 'sh' && !(call.argument('script') instanceof ConstantExpression)) {
                fault(call.line, 'sh with a double-quoted or computed script: Groovy fills it in, and what it holds reaches the shell as code; use single quotes')
            }
        }
        walk(new Calls(onCall))
        walk(new Calls(null, { GStringExpression text -> interpolated(text, names) }))
    }

    private void walk(Calls calls) {
        calls.visit(pipeline.block)
        source.module.methods.each { calls.visit(it.code) }
    }

    private List<String> bound(Call binding) {
        Expression id = binding.named.credentialsId
        if (!(id instanceof ConstantExpression)) {
            fault(binding.line, "${binding.name}: credentialsId must be a plain string")
        } else if (!(id.text in credentials)) {
            fault(binding.line, "there is no credential `${id.text}`; known: ${credentials.join(', ')}")
        }
        return binding.named.findAll { key, value -> key.toLowerCase().endsWith('variable') }.collect { it.value.text }
    }

    private void interpolated(GStringExpression text, Set<String> secrets) {
        text.values.each { value ->
            Calls.variables(value).findAll { it in secrets }.each {
                fault(text.lineNumber, "a double-quoted string interpolates the secret ${it}: single quotes leave it to the shell")
            }
        }
    }

}
