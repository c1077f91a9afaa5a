/** What the build says. Secrets are masked as Jenkins masks them, and counted, since none should come this far. */
class BuildLog {

    private static final String MASK = '****'

    private final PrintStream out
    private final Set<String> secrets = [] as LinkedHashSet
    private final Set<String> paths = [] as LinkedHashSet
    boolean timestamps
    /** Lines that held the value of a secret. */
    int leaks

    BuildLog(PrintStream out) {
        this.out = out
    }

    /** Masks the value, and each line of one that has several. */
    void secret(String value) {
        secrets.addAll((value.readLines() + value).findAll { it.trim().length() > 3 })
    }

    /** Masks where a secret file lies; seeing that is no leak. */
    void path(String value) {
        paths << value
    }

    boolean holdsSecret(String text) {
        return secrets.any { text.contains(it) }
    }

    synchronized void line(CharSequence text) {
        String shown = text.toString()
        if (holdsSecret(shown)) {
            leaks++
        }
        (secrets + paths).sort { -it.length() }.each { shown = shown.replace(it, MASK) }
        String prefix = timestamps ? new Date().format("'['yyyy-MM-dd'T'HH:mm:ss.SSS'Z] '", TimeZone.getTimeZone('UTC')) : ''
        out.println(prefix + shown)
        out.flush()
    }

}
