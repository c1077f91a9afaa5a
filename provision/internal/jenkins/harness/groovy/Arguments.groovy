/** What a call needs and may have; `1|script` is `script`, or the argument without a name. */
class Arguments {

    final List<String> required
    final List<String> optional
    final boolean block

    Arguments(List<String> required, List<String> optional, boolean block = false) {
        this.required = required
        this.optional = optional
        this.block = block
    }

    /** Faults of a call that gives these names, `1` for the one without. */
    List<String> faults(Set<String> given, boolean hasBlock) {
        List<String> faults = []
        Set<String> known = (required + optional).collectMany { it.tokenize('|') } as LinkedHashSet
        given.findAll { !(it in known) }.each {
            faults << (it == '1' ? 'takes no argument without a name' : "takes no argument `${it}`; known: ${known.join(', ')}" as String)
        }
        required.findAll { !it.tokenize('|').any { name -> name in given } }.each {
            faults << "needs the argument ${it.tokenize('|').last() == '1' ? 'without a name' : '`' + it.tokenize('|').last() + '`'}".toString()
        }
        if (block && !hasBlock) {
            faults << 'needs a block'
        }
        return faults
    }

}
