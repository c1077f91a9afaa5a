/** An element of the pipeline as it was written: name, arguments, and what stands in it. */
class Section {

    String name
    Map named = [:]
    List positional = []
    List<Section> inside = []
    /** Not run yet: steps, and values that depend on the build. */
    Closure body

    Section first(String wanted) {
        return inside.find { it.name == wanted }
    }

    String title() {
        return positional[0]
    }

}
