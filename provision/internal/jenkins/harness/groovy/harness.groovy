import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

// Checks a Jenkinsfile, and runs it. Settings are JSON on standard input, so
// that the credentials among them are on no command line and in no file.
// Exit codes: 0 the build succeeded, 1 it did not, 2 the Jenkinsfile is at fault.
Map settings = new JsonSlurper().parse(System.in.newReader('UTF-8'))

if (settings.check) {
    println JsonOutput.toJson(settings.check.collectEntries { path ->
        [(path): faults(new File(path as String).text, settings.credentials.keySet())*.toString()]
    })
    System.exit(0)
}
String text = new File(settings.jenkinsfile as String).text
List<Fault> faults = faults(text, settings.anyStages ? null : settings.credentials.keySet())
if (faults) {
    faults.each { System.err.println(it) }
    System.exit(2)
}

Build build = new Build(settings, new BuildLog(System.out))
Binding binding = new Binding(
    'build$': build, 'steps$': new Steps(build), env: new Environment(build), params: build.params,
    scm: new Expando(settings.scm as Map), currentBuild: new CurrentBuild(build))
CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: JenkinsScript.name)
JenkinsScript script = new GroovyShell(this.class.classLoader, binding, configuration).parse(text, 'Jenkinsfile')
script.run()
script.pipeline.first('parameters')?.inside?.each { parameter ->
    build.params[parameter.named.name] = (parameter.named.choices?.first() ?: parameter.named.defaultValue ?: '').toString()
}
settings.params.each { name, value ->
    if (!(name in build.params.keySet())) {
        System.err.println("the pipeline has no parameter ${name}")
        System.exit(2)
    }
    build.params[name] = value.toString()
}
new Runner(build, script.pipeline).run()
new File(settings.summary as String).text = JsonOutput.toJson(build.summary + [result: build.result, leaks: build.console.leaks])
System.exit(build.result == 'SUCCESS' ? 0 : 1)

List<Fault> faults(String text, Collection<String> credentials) {
    Source source = new Source(text)
    if (source.faults) {
        return source.faults
    }
    List<Fault> found = new Checker(source).check()
    Call pipeline = source.pipeline()
    if (pipeline != null && credentials != null) {
        found += new HouseRules(source, pipeline, credentials).check()
    }
    return (found + source.faults).unique().sort { it.line }
}
