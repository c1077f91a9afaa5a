/** `currentBuild`, as far as it is used. */
class CurrentBuild {

    private final Build build
    String displayName

    CurrentBuild(Build build) {
        this.build = build
    }

    String getCurrentResult() {
        return build.result
    }

}
