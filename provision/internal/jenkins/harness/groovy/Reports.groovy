/** Reads what the build has made: test results, coverage, artefacts. */
class Reports {

    private final Build build

    Reports(Build build) {
        this.build = build
    }

    /** Files of the workspace that match Ant patterns, separated by commas. */
    List<File> files(String patterns) {
        List<String> expressions = patterns.tokenize(',')*.trim().collect { regex(it) }
        List<File> found = []
        build.workspace.eachFileRecurse { file ->
            if (file.file && expressions.any { relative(file) ==~ it }) {
                found << file
            }
        }
        return found.sort { it.path }
    }

    /** In Ant, two stars and a slash stand for any number of folders, none too. */
    private static String regex(String pattern) {
        String full = pattern.endsWith('/') ? pattern + '**' : pattern
        return full.replace('.', '\\.').replace('**/', '(.+/)\u0001').replace('**', '.\u0001').replace('*', '[^/]*').replace('?', '[^/]')
            .replace('(.+/)\u0001', '(.+/)?').replace('.\u0001', '.*')
    }

    String relative(File file) {
        return build.workspace.toPath().relativize(file.toPath())
    }

    void tests(String pattern, boolean emptyAllowed) {
        List<File> found = files(pattern)
        if (!found && !emptyAllowed) {
            throw new IllegalStateException('No test report files were found. Configuration error?')
        }
        Map<String, Integer> sum = [total: 0, failed: 0, skipped: 0]
        found.each { file ->
            new XmlSlurper().parse(file).depthFirst().findAll { it.name() == 'testcase' }.each { test ->
                sum.total++
                sum.failed += test.children().any { it.name() in ['failure', 'error'] } ? 1 : 0
                sum.skipped += test.children().any { it.name() == 'skipped' } ? 1 : 0
            }
        }
        build.summary.tests = sum
        build.console.line("Recording test results: ${sum.total} tests, ${sum.failed} failed, ${sum.skipped} skipped")
        if (sum.failed > 0) {
            build.worsen('UNSTABLE')
        }
    }

    /** Go's coverage profile: file:from,to statements count. */
    void coverage(List<Map> tools) {
        tools.each { tool ->
            if (tool.parser != 'GO_COV') {
                throw new IllegalStateException("no coverage parser ${tool.parser}")
            }
            List<File> found = files(tool.pattern as String)
            if (!found) {
                throw new IllegalStateException("No coverage files found for pattern ${tool.pattern}")
            }
            List<List<String>> lines = found*.readLines().flatten().findAll { !it.startsWith('mode:') }*.tokenize(' ')
            int all = lines.sum(0) { it[1] as int }
            int covered = lines.findAll { it[2] != '0' }.sum(0) { it[1] as int }
            build.summary.coverage = [statements: all, covered: covered]
            build.console.line("Coverage: ${covered} of ${all} statements")
        }
    }

    void archive(String pattern, boolean emptyAllowed) {
        List<File> found = files(pattern)
        if (!found && !emptyAllowed) {
            throw new IllegalStateException("No artifacts found that match the file pattern \"${pattern}\". Configuration error?")
        }
        found.each { file ->
            File copy = new File(build.settings.archive as String, relative(file))
            copy.parentFile.mkdirs()
            copy.bytes = file.bytes
            build.summary.archived << relative(file)
        }
        build.console.line("Archiving artifacts: ${found.size()} files")
    }

}
