/** `env`: reads every variable, and sets those that last. */
class Environment {

    private final Build build

    Environment(Build build) {
        this.build = build
    }

    def propertyMissing(String name) {
        return build.environment()[name]
    }

    void propertyMissing(String name, Object value) {
        build.setVariable(name, value.toString())
    }

}
