import groovy.transform.Canonical

/** What is wrong, and in which line. */
@Canonical
class Fault {

    int line
    String text

    @Override
    String toString() {
        return "Jenkinsfile:${line}: ${text}"
    }

}
