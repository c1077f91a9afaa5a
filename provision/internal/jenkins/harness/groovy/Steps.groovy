import java.util.concurrent.TimeUnit

/** The steps. Each does what its namesake of Jenkins does, so far as one machine without a Jenkins can. */
class Steps {

    private final Build build
    private final Shell shell
    private final CredentialStore credentials
    private final Reports reports

    Steps(Build build) {
        this.build = build
        shell = new Shell(build)
        credentials = new CredentialStore(build)
        reports = new Reports(build)
    }

    /** Calls the step, or makes the value, of this name. */
    def call(String name, List arguments) {
        Map named = [:]
        Closure body = null
        List positional = []
        arguments.each { argument ->
            if (argument instanceof Map) {
                named = argument
            } else if (argument instanceof Closure) {
                body = argument
            } else {
                positional << argument
            }
        }
        if (name in Grammar.BINDINGS) {
            return CredentialStore.binding(name, named)
        }
        if (!(name in Grammar.STEPS)) {
            throw new MissingMethodException(name, Steps, arguments as Object[])
        }
        if (name != 'echo' && name != 'script') {
            build.console.line("[Pipeline] ${name}")
        }
        return this."${name}"(named, positional[0], body)
    }

    private sh(Map named, Object script, Closure body) {
        String text = named.script ?: script
        if (build.console.holdsSecret(text)) {
            throw new IllegalStateException('a secret was interpolated into the script of sh')
        }
        StringBuilder capture = named.returnStdout ? new StringBuilder() : null
        int code = shell.run(text, capture)
        if (named.returnStatus) {
            return code
        }
        if (code != 0) {
            throw new IllegalStateException("script returned exit code ${code}")
        }
        return capture?.toString()
    }

    private echo(Map named, Object message, Closure body) {
        build.console.line((named.message ?: message).toString())
    }

    private error(Map named, Object message, Closure body) {
        throw new IllegalStateException((named.message ?: message).toString())
    }

    private unstable(Map named, Object message, Closure body) {
        build.console.line("WARNING: ${named.message ?: message}")
        build.worsen('UNSTABLE')
    }

    private checkout(Map named, Object scm, Closure body) {
        File dir = build.workspace
        if (!new File(dir, '.git').exists()) {
            git(['init', '-q'])
        }
        git(['fetch', '-q', '--tags', scm.url, "+refs/heads/${scm.ref ?: scm.branch}:refs/remotes/origin/${scm.branch}".toString()])
        git(['checkout', '-qf', scm.commit])
        return [GIT_COMMIT: scm.commit, GIT_BRANCH: scm.branch, GIT_URL: scm.url]
    }

    private void git(List<String> arguments) {
        Process process = new ProcessBuilder(['git'] + arguments).directory(build.workspace).redirectErrorStream(true).start()
        process.inputStream.eachLine { build.console.line(it) }
        if (process.waitFor() != 0) {
            throw new IllegalStateException("git ${arguments[0]} failed")
        }
    }

    private junit(Map named, Object pattern, Closure body) {
        reports.tests((named.testResults ?: pattern).toString(), named.allowEmptyResults as boolean)
    }

    private recordCoverage(Map named, Object none, Closure body) {
        reports.coverage(named.tools)
    }

    private archiveArtifacts(Map named, Object pattern, Closure body) {
        reports.archive((named.artifacts ?: pattern).toString(), named.allowEmptyArchive as boolean)
    }

    private mail(Map named, Object none, Closure body) {
        build.summary.mails << named.collectEntries { key, value -> [(key): value.toString()] }
    }

    private deleteDir(Map named, Object none, Closure body) {
        build.workspace.deleteDir()
        build.workspace.mkdirs()
    }

    private script(Map named, Object none, Closure body) {
        return body()
    }

    private withCredentials(Map named, Object bindings, Closure body) {
        return credentials.with(bindings, body)
    }

    private withEnv(Map named, Object pairs, Closure body) {
        return build.scoped(pairs.collectEntries { it.toString().split('=', 2) as List }, body)
    }

    private lock(Map named, Object resource, Closure body) {
        return build.locked((named.resource ?: resource).toString(), body)
    }

    private timeout(Map named, Object none, Closure body) {
        return build.limited(milliseconds(named), body)
    }

    private retry(Map named, Object count, Closure body) {
        int left = (named.count ?: count) as int
        while (true) {
            try {
                return body()
            } catch (IllegalStateException e) {
                if (--left == 0) {
                    throw e
                }
                build.console.line("ERROR: ${e.message}; retrying")
            }
        }
    }

    static long milliseconds(Map named) {
        return TimeUnit.valueOf((named.unit ?: 'MINUTES') as String).toMillis(named.time as long)
    }

}
