/** The state of one build. */
class Build {

    private static final List<String> WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'ABORTED']

    final Map settings
    final BuildLog console
    final File workspace
    final Map<String, String> params = [:]
    final Map<String, Object> summary = [stages: [], mails: [], archived: [], tests: null, coverage: null, locks: []]
    private final Map<String, String> fixed = [:]
    private final List<Map<String, String>> scopes = [[:]]
    /** Moments, in milliseconds, by which what runs must have ended. */
    final List<Long> deadlines = []
    String result = 'SUCCESS'

    Build(Map settings, BuildLog console) {
        this.settings = settings
        this.console = console
        workspace = new File(settings.workspace as String)
        workspace.mkdirs()
        fixed.putAll((settings.environment ?: [:]) as Map<String, String>)
        fixed.putAll([
            BUILD_NUMBER: settings.number as String, BUILD_TAG: "jenkins-${settings.job}-${settings.number}" as String,
            BUILD_URL: "${settings.url}/job/${settings.job}/${settings.number}/" as String, JOB_NAME: settings.job as String,
            WORKSPACE: workspace.path, BRANCH_NAME: settings.scm.branch as String, CI: 'true',
        ])
        if (settings.scm.change) {
            fixed.CHANGE_ID = settings.scm.change as String
        }
    }

    /** Files of the build that are not the workspace's: scripts, credentials. */
    File temporary() {
        File dir = new File(workspace.path + '@tmp')
        dir.mkdirs()
        return dir
    }

    Map<String, String> environment() {
        return scopes.inject(fixed + params) { all, scope -> all + scope }
    }

    /** What `env.NAME = …` sets lasts to the end of the build. */
    void setVariable(String name, String value) {
        scopes[0][name] = value
    }

    def scoped(Map<String, String> variables, Closure body) {
        scopes << variables
        try {
            return body()
        } finally {
            scopes.remove(scopes.size() - 1)
        }
    }

    def limited(long milliseconds, Closure body) {
        deadlines << System.currentTimeMillis() + milliseconds
        try {
            return body()
        } finally {
            deadlines.remove(deadlines.size() - 1)
        }
    }

    void worsen(String to) {
        if (WORSE.indexOf(to) > WORSE.indexOf(result)) {
            result = to
        }
    }

    /** Holds a lock that other builds, of other processes too, see. */
    def locked(String resource, Closure body) {
        File file = new File(settings.locks as String, resource)
        file.parentFile.mkdirs()
        new RandomAccessFile(file, 'rw').withCloseable { handle ->
            console.line("Trying to acquire lock on [${resource}]")
            def lock = handle.channel.lock()
            console.line("Lock acquired on [${resource}]")
            summary.locks << resource
            try {
                return body()
            } finally {
                lock.release()
                console.line("Lock released on resource [${resource}]")
            }
        }
    }

}
