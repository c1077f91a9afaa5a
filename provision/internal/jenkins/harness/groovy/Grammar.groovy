/**
 * The part of Jenkins' declarative language that this harness knows and runs.
 * What is not here is a fault: a misspelt name and one that the harness can't
 * run look the same, and neither may pass.
 *
 * Sources: the Pipeline Syntax and Pipeline Steps pages of Jenkins' handbook.
 */
class Grammar {

    /** Sections, and what may stand in each. */
    static final Map<String, Set<String>> SECTIONS = [
        pipeline: ['agent', 'options', 'triggers', 'parameters', 'environment', 'stages', 'post'],
        stages: ['stage'],
        stage: ['agent', 'options', 'environment', 'when', 'steps', 'stages', 'post'],
        agent: ['label'],
        options: ['timestamps', 'disableConcurrentBuilds', 'skipDefaultCheckout', 'timeout', 'buildDiscarder', 'lock'],
        triggers: ['githubPush'],
        parameters: ['string', 'booleanParam', 'choice'],
        when: ['branch', 'changeRequest', 'expression', 'environment', 'not', 'allOf', 'anyOf', 'beforeAgent', 'beforeOptions'],
        post: ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup'],
    ].collectEntries { name, inside -> [(name): inside as LinkedHashSet] }

    /** Options that a stage may have too. */
    static final Set<String> STAGE_OPTIONS = ['timeout', 'lock', 'timestamps', 'skipDefaultCheckout'] as LinkedHashSet

    /** Conditions in the order in which Jenkins runs them. */
    static final List<String> POST_ORDER = SECTIONS.post as List

    /** Sections whose content is steps. */
    static final Set<String> STEP_BLOCKS = (SECTIONS.post + ['steps']) as LinkedHashSet

    /** Sections within which conditions stand. */
    static final Set<String> CONDITION_BLOCKS = ['not', 'allOf', 'anyOf'] as LinkedHashSet

    /** Arguments of what stands in sections; `1` is the one that has no name. */
    static final Map<String, Arguments> SECTION_ARGUMENTS = [
        stage: new Arguments(['1'], []),
        label: new Arguments(['1'], []),
        timeout: new Arguments(['time'], ['unit']),
        lock: new Arguments(['resource'], []),
        disableConcurrentBuilds: new Arguments([], ['abortPrevious']),
        skipDefaultCheckout: new Arguments([], ['1']),
        buildDiscarder: new Arguments(['1'], []),
        timestamps: new Arguments([], []),
        githubPush: new Arguments([], []),
        string: new Arguments(['name'], ['defaultValue', 'description', 'trim']),
        booleanParam: new Arguments(['name'], ['defaultValue', 'description']),
        choice: new Arguments(['name', 'choices'], ['description']),
        branch: new Arguments(['1'], []),
        changeRequest: new Arguments([], ['target', 'branch', 'id']),
        environment: new Arguments(['name', 'value'], []),
        beforeAgent: new Arguments(['1'], []),
        beforeOptions: new Arguments(['1'], []),
    ]

    /** Steps and their arguments. */
    static final Map<String, Arguments> STEPS = [
        sh: new Arguments(['1|script'], ['returnStdout', 'returnStatus', 'label', 'encoding']),
        echo: new Arguments(['1|message'], []),
        error: new Arguments(['1|message'], []),
        unstable: new Arguments(['1|message'], []),
        checkout: new Arguments(['1'], []),
        junit: new Arguments(['1|testResults'], ['allowEmptyResults', 'skipMarkingBuildUnstable']),
        recordCoverage: new Arguments(['tools'], ['qualityGates']),
        archiveArtifacts: new Arguments(['1|artifacts'], ['allowEmptyArchive', 'excludes', 'fingerprint', 'onlyIfSuccessful']),
        mail: new Arguments(['to', 'subject', 'body'], ['from', 'cc']),
        deleteDir: new Arguments([], []),
        script: new Arguments([], [], true),
        withCredentials: new Arguments(['1'], [], true),
        withEnv: new Arguments(['1'], [], true),
        lock: new Arguments(['1|resource'], [], true),
        timeout: new Arguments(['time'], ['unit'], true),
        retry: new Arguments(['1|count'], [], true),
    ]

    /** What stands in the list of withCredentials: argument to what it binds. */
    static final Map<String, Arguments> BINDINGS = [
        string: new Arguments(['credentialsId', 'variable'], []),
        file: new Arguments(['credentialsId', 'variable'], []),
        usernamePassword: new Arguments(['credentialsId', 'usernameVariable', 'passwordVariable'], []),
        sshUserPrivateKey: new Arguments(['credentialsId', 'keyFileVariable'], ['usernameVariable']),
    ]

    /** Calls that are values of other calls' arguments. */
    static final Map<String, Arguments> VALUES = [
        logRotator: new Arguments([], ['numToKeepStr', 'daysToKeepStr', 'artifactNumToKeepStr', 'artifactDaysToKeepStr']),
    ]

}
