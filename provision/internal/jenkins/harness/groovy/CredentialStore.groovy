import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions

/** The credentials of the test: bound for a block, masked in what is said, their files gone afterwards. */
class CredentialStore {

    private final Build build
    private final Map<String, Map> credentials

    CredentialStore(Build build) {
        this.build = build
        credentials = (build.settings.credentials ?: [:]) as Map<String, Map>
    }

    /** A binding, such as string(credentialsId: …, variable: …). */
    static Map binding(String kind, Map arguments) {
        return arguments + [kind: kind]
    }

    def with(List<Map> bindings, Closure body) {
        File dir = Files.createTempDirectory(build.temporary().toPath(), 'secretFiles').toFile()
        try {
            Map<String, String> variables = [:]
            bindings.each { variables.putAll(bind(it, dir)) }
            return build.scoped(variables, body)
        } finally {
            dir.deleteDir()
        }
    }

    private Map<String, String> bind(Map wanted, File dir) {
        Map credential = credentials[wanted.credentialsId]
        if (credential == null) {
            throw new IllegalStateException("Could not find credentials entry with ID '${wanted.credentialsId}'")
        }
        if (credential.kind != wanted.kind) {
            throw new IllegalStateException("Credentials '${wanted.credentialsId}' is of type '${credential.kind}' where '${wanted.kind}' was expected")
        }
        build.console.line("Masking supported pattern matches of credential ${wanted.credentialsId}")
        return this."${wanted.kind}"(wanted, credential, dir)
    }

    private Map<String, String> string(Map wanted, Map credential, File dir) {
        build.console.secret(credential.secret)
        return [(wanted.variable): credential.secret]
    }

    private Map<String, String> usernamePassword(Map wanted, Map credential, File dir) {
        build.console.secret(credential.password)
        return [(wanted.usernameVariable): credential.username, (wanted.passwordVariable): credential.password]
    }

    private Map<String, String> file(Map wanted, Map credential, File dir) {
        return [(wanted.variable): write(dir, "${wanted.variable}-${credential.name}", credential.content)]
    }

    private Map<String, String> sshUserPrivateKey(Map wanted, Map credential, File dir) {
        build.console.secret(credential.key)
        Map<String, String> variables = [(wanted.keyFileVariable): write(dir, "ssh-key-${wanted.keyFileVariable}", credential.key)]
        if (wanted.usernameVariable) {
            variables[wanted.usernameVariable] = credential.username
        }
        return variables
    }

    private String write(File dir, String name, String content) {
        File file = new File(dir, name)
        file.text = content
        Files.setPosixFilePermissions(file.toPath(), PosixFilePermissions.fromString('r--------'))
        build.console.path(file.path)
        return file.path
    }

}
