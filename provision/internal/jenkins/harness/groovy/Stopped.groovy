/** Ends a build as aborted: a time limit has passed. */
class Stopped extends RuntimeException {

    Stopped(String message) {
        super(message)
    }

}
