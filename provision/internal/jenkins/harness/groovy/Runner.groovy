/** Runs the stages and what comes after them. */
class Runner {

    private final Build build
    private final Section pipeline
    private boolean failed

    Runner(Build build, Section pipeline) {
        this.build = build
        this.pipeline = pipeline
    }

    void run() {
        Section options = pipeline.first('options')
        build.console.timestamps = options?.first('timestamps') != null
        inOptions(options) {
            build.scoped(environment(pipeline)) {
                guarded { stages(pipeline.first('stages')) }
                build.scoped(STAGE_NAME: 'Declarative: Post Actions') { after(pipeline, build.result) }
            }
        }
        build.console.line("Finished: ${build.result}")
    }

    /** Turns an exception into the build's result, so that what comes after still runs. */
    private boolean guarded(Closure body) {
        try {
            body()
            return true
        } catch (Stopped e) {
            build.console.line("ERROR: ${e.message}")
            build.worsen('ABORTED')
        } catch (IllegalStateException | MissingMethodException | MissingPropertyException | IOException e) {
            build.console.line("ERROR: ${e.message}")
            build.worsen('FAILURE')
        }
        return false
    }

    private void stages(Section stages) {
        stages.inside.findAll { it.name == 'stage' }.each { stage(it) }
    }

    private void stage(Section stage) {
        long start = System.currentTimeMillis()
        build.console.line("[Pipeline] { (${stage.title()})")
        String status = 'skipped'
        if (failed) {
            build.console.line("Stage \"${stage.title()}\" skipped due to earlier failure(s)")
        } else {
            status = build.scoped(STAGE_NAME: stage.title()) { whenever(stage) }
        }
        build.summary.stages << [name: stage.title(), status: status, milliseconds: System.currentTimeMillis() - start]
        build.console.line("[Pipeline] } // ${stage.title()}")
    }

    /** Before or after the stage's options, as its `when` says. */
    private String whenever(Section stage) {
        Section conditions = stage.first('when')
        boolean before = conditions?.first('beforeOptions')?.title() as boolean
        if (before && !holds(conditions)) {
            return skipped(stage)
        }
        String status = 'failed'
        boolean well = guarded {
            inOptions(stage.first('options')) {
                status = before || conditions == null || holds(conditions) ? body(stage) : skipped(stage)
            }
        }
        failed = failed || !well
        return well ? status : 'failed'
    }

    private String skipped(Section stage) {
        build.console.line("Stage \"${stage.title()}\" skipped due to when conditional")
        return 'skipped'
    }

    private String body(Section stage) {
        String before = build.result
        return build.scoped(environment(stage)) {
            boolean well = guarded {
                Section steps = stage.first('steps')
                steps == null ? stages(stage.first('stages')) : steps.body()
            }
            failed = failed || !well
            after(stage, build.result)
            return failed ? 'failed' : (build.result == before ? 'success' : build.result.toLowerCase())
        }
    }

    private static Map<String, String> environment(Section owner) {
        Closure body = owner.inside.find { it.name == 'environment' && it.body != null }?.body
        return body == null ? [:] : Assignments.of(body)
    }

    private def inOptions(Section options, Closure body) {
        List<Section> wrappers = options == null ? [] : options.inside.findAll { it.name in ['timeout', 'lock'] }
        Closure all = wrappers.reverse().inject(body) { Closure inner, Section option ->
            option.name == 'timeout' ?
                { -> build.limited(Steps.milliseconds(option.named), inner) } :
                { -> build.locked(option.named.resource.toString(), inner) }
        }
        return all()
    }

    private boolean holds(Section conditions) {
        return conditions.inside.findAll { !(it.name in ['beforeOptions', 'beforeAgent']) }.every { condition(it) }
    }

    private boolean condition(Section c) {
        Map<String, String> environment = build.environment()
        switch (c.name) {
            case 'branch': return environment.BRANCH_NAME == c.title()
            case 'changeRequest': return environment.CHANGE_ID != null
            case 'environment': return environment[c.named.name] == c.named.value
            case 'expression': return c.body() as boolean
            case 'not': return !condition(c.inside[0])
            case 'allOf': return c.inside.every { condition(it) }
            case 'anyOf': return c.inside.any { condition(it) }
            default: throw new IllegalStateException("no condition ${c.name}")
        }
    }

    /** The conditions that hold, in Jenkins' order; a fault in one does not keep the next from running. */
    private void after(Section owner, String result) {
        Section post = owner.first('post')
        if (post == null) {
            return
        }
        String previous = build.settings.previous
        Grammar.POST_ORDER.findAll { happened(it, result, previous) }.each { name ->
            Section condition = post.first(name)
            if (condition != null) {
                build.console.line("[Pipeline] post: ${name}")
                failed = !guarded { condition.body() } || failed
            }
        }
    }

    private static boolean happened(String condition, String result, String previous) {
        switch (condition) {
            case ['always', 'cleanup']: return true
            case 'changed': return previous != null && result != previous
            case 'fixed': return result == 'SUCCESS' && previous in ['FAILURE', 'UNSTABLE']
            case 'regression': return previous == 'SUCCESS' && result != 'SUCCESS'
            case 'unsuccessful': return result != 'SUCCESS'
            default: return result == condition.toUpperCase()
        }
    }

}
