import java.nio.file.Files
import java.util.concurrent.TimeUnit

/** Runs shell scripts as Jenkins' durable-task plug-in does: `sh -xe` on a file, in the workspace. */
class Shell {

    private final Build build

    Shell(Build build) {
        this.build = build
    }

    /** Runs the script; `capture` takes what it writes to standard output, else that goes to the console. */
    int run(String script, StringBuilder capture) {
        File dir = Files.createTempDirectory(build.temporary().toPath(), 'durable-').toFile()
        File file = new File(dir, 'script.sh')
        file.text = script
        try {
            return wait(start(file, script), capture)
        } finally {
            dir.deleteDir()
        }
    }

    /** In a session of its own, so that a time limit ends what it started too. */
    private Process start(File file, String script) {
        List<String> command = ['setsid', '--wait'] + interpreter(script) + [file.path]
        ProcessBuilder builder = new ProcessBuilder(command).directory(build.workspace)
        Map<String, String> environment = builder.environment()
        environment.clear()
        environment.putAll(build.environment().findAll { it.value != null })
        Process process = builder.start()
        process.outputStream.close()
        return process
    }

    private static List<String> interpreter(String script) {
        return script.startsWith('#!') ? script.readLines()[0].substring(2).trim().tokenize() : ['/bin/sh', '-xe']
    }

    private int wait(Process process, StringBuilder capture) {
        Thread out = Thread.start { process.inputStream.eachLine { capture == null ? build.console.line(it) : capture.append(it).append('\n') } }
        Thread err = Thread.start { process.errorStream.eachLine { build.console.line(it) } }
        boolean ended = awaitEnd(process)
        if (!ended) {
            kill(process)
        }
        [out, err]*.join()
        if (!ended) {
            throw new Stopped('Timeout has been exceeded')
        }
        return process.exitValue()
    }

    private boolean awaitEnd(Process process) {
        if (!build.deadlines) {
            process.waitFor()
            return true
        }
        long left = build.deadlines.min() - System.currentTimeMillis()
        return process.waitFor(Math.max(left, 0), TimeUnit.MILLISECONDS)
    }

    private static void kill(Process process) {
        ['kill', '-KILL', '--', "-${process.pid()}"].execute().waitFor()
        process.destroyForcibly()
        process.waitFor()
    }

}
