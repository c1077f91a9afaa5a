/** Runs the pipeline's block and notes down what stands in it; steps stay closures. */
class Recorder {

    private static final Set<String> LATE = Grammar.STEP_BLOCKS + ['expression']

    private final Section into

    Recorder(Section into) {
        this.into = into
    }

    static Section record(Closure body) {
        Section pipeline = new Section(name: 'pipeline')
        new Recorder(pipeline).fill(body)
        return pipeline
    }

    private void fill(Closure body) {
        Closure copy = body.clone()
        copy.delegate = this
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy()
    }

    def methodMissing(String name, Object arguments) {
        Section section = new Section(name: name)
        arguments.each { argument ->
            if (argument instanceof Map) {
                section.named = argument
            } else if (argument instanceof Closure) {
                section.body = argument
            } else {
                section.positional << argument
            }
        }
        boolean late = name in LATE || (name == 'environment' && section.body != null)
        if (section.body != null && late) {
            // Steps see the script, not us.
            Object script = section.body.thisObject
            section.body = section.body.rehydrate(script, script, script)
        } else if (section.body != null) {
            new Recorder(section).fill(section.body)
        }
        into.inside << section
        return section
    }

    def propertyMissing(String name) {
        if (name in ['any', 'none']) {
            return name
        }
        throw new MissingPropertyException(name, Recorder)
    }

}
