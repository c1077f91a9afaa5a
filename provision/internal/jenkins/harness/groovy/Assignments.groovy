/** Takes what an `environment { NAME = value }` sets. */
class Assignments {

    final Map<String, String> values = [:]

    static Map<String, String> of(Closure body) {
        Assignments taken = new Assignments()
        Closure copy = body.clone()
        copy.delegate = taken
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy()
        return taken.values
    }

    def propertyMissing(String name) {
        if (!(name in values.keySet())) {
            throw new MissingPropertyException(name, Assignments)
        }
        return values[name]
    }

    void propertyMissing(String name, Object value) {
        values[name] = value.toString()
    }

}
