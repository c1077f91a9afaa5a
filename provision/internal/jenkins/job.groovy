// The job: a branch of the repository is a branch of the job. Branches and pull
// requests of the repository itself are built; those of forks are not, because
// a pull request's Jenkinsfile and code run with the credentials of the plan.
multibranchPipelineJob('yces') {
    branchSources {
        branchSource {
            source {
                github {
                    id('yces')
                    repoOwner({{ quote .Owner }})
                    repository({{ quote .Repository }})
                    repositoryUrl({{ quote .RepositoryURL }})
                    configuredByUrl(true)
                    credentialsId('github')
                    traits {
                        gitHubBranchDiscovery { strategyId(1) }
                        gitHubPullRequestDiscovery { strategyId(1) }
                    }
                }
            }
        }
    }
    factory {
        workflowBranchProjectFactory { scriptPath('Jenkinsfile') }
    }
    orphanedItemStrategy {
        discardOldItems { daysToKeep(14) }
    }
}
