/** What a Jenkinsfile is compiled to: names that it does not define are steps and variables of the build. */
abstract class JenkinsScript extends Script {

    Section pipeline

    void pipeline(Closure body) {
        pipeline = Recorder.record(body)
    }

    def methodMissing(String name, Object arguments) {
        return steps().call(name, arguments as List)
    }

    def propertyMissing(String name) {
        Map<String, String> environment = build().environment()
        if (!(name in environment.keySet())) {
            throw new MissingPropertyException(name, Binding)
        }
        return environment[name]
    }

    void println(Object text) {
        build().console.line(text.toString())
    }

    private Build build() {
        return binding.getVariable('build$')
    }

    private Steps steps() {
        return binding.getVariable('steps$')
    }

}
