import type { DocumentNode } from 'graphql';
import * as Operations from './operations.js';





















































































export type Requester<C = {}> = <R, V>(doc: DocumentNode, vars?: V, options?: C) => Promise<R> | AsyncIterable<R>
export function getSdk<C>(requester: Requester<C>) {
  return {
    /** Who did what, when and from where. */
    activity(variables?: Operations.ActivityQueryVariables, options?: C): Promise<Operations.ActivityQuery> {
      return requester<Operations.ActivityQuery, Operations.ActivityQueryVariables>(Operations.ActivityDocument, variables, options) as Promise<Operations.ActivityQuery>;
    },
    /** Commands as they are carried out. */
    activityRecorded(variables?: Operations.ActivityRecordedSubscriptionVariables, options?: C): AsyncIterable<Operations.ActivityRecordedSubscription> {
      return requester<Operations.ActivityRecordedSubscription, Operations.ActivityRecordedSubscriptionVariables>(Operations.ActivityRecordedDocument, variables, options) as AsyncIterable<Operations.ActivityRecordedSubscription>;
    },
    /** What the objects of commands are called. */
    subjects(variables: Operations.SubjectsQueryVariables, options?: C): Promise<Operations.SubjectsQuery> {
      return requester<Operations.SubjectsQuery, Operations.SubjectsQueryVariables>(Operations.SubjectsDocument, variables, options) as Promise<Operations.SubjectsQuery>;
    },
    /** Says that an agent is there, and what it can execute. */
    clientRegister(variables: Operations.ClientRegisterMutationVariables, options?: C): Promise<Operations.ClientRegisterMutation> {
      return requester<Operations.ClientRegisterMutation, Operations.ClientRegisterMutationVariables>(Operations.ClientRegisterDocument, variables, options) as Promise<Operations.ClientRegisterMutation>;
    },
    /** What waits for a client, and what it is to abort, as it comes. */
    runAssigned(variables: Operations.RunAssignedSubscriptionVariables, options?: C): AsyncIterable<Operations.RunAssignedSubscription> {
      return requester<Operations.RunAssignedSubscription, Operations.RunAssignedSubscriptionVariables>(Operations.RunAssignedDocument, variables, options) as AsyncIterable<Operations.RunAssignedSubscription>;
    },
    /** Takes a run under a lease. */
    runClaim(variables: Operations.RunClaimMutationVariables, options?: C): Promise<Operations.RunClaimMutation> {
      return requester<Operations.RunClaimMutation, Operations.RunClaimMutationVariables>(Operations.RunClaimDocument, variables, options) as Promise<Operations.RunClaimMutation>;
    },
    /** Keeps a run's lease, and asks whether to go on. */
    runRenew(variables: Operations.RunRenewMutationVariables, options?: C): Promise<Operations.RunRenewMutation> {
      return requester<Operations.RunRenewMutation, Operations.RunRenewMutationVariables>(Operations.RunRenewDocument, variables, options) as Promise<Operations.RunRenewMutation>;
    },
    /** Says how an attempt goes, or ended. */
    runReport(variables: Operations.RunReportMutationVariables, options?: C): Promise<Operations.RunReportMutation> {
      return requester<Operations.RunReportMutation, Operations.RunReportMutationVariables>(Operations.RunReportDocument, variables, options) as Promise<Operations.RunReportMutation>;
    },
    /** Adds to a run's output. */
    runOutputAppend(variables: Operations.RunOutputAppendMutationVariables, options?: C): Promise<Operations.RunOutputAppendMutation> {
      return requester<Operations.RunOutputAppendMutation, Operations.RunOutputAppendMutationVariables>(Operations.RunOutputAppendDocument, variables, options) as Promise<Operations.RunOutputAppendMutation>;
    },
    /** Gives a run back. */
    runRelease(variables: Operations.RunReleaseMutationVariables, options?: C): Promise<Operations.RunReleaseMutation> {
      return requester<Operations.RunReleaseMutation, Operations.RunReleaseMutationVariables>(Operations.RunReleaseDocument, variables, options) as Promise<Operations.RunReleaseMutation>;
    },
    /** What differs between two transactions, task by task. */
    transactionDiff(variables: Operations.TransactionDiffQueryVariables, options?: C): Promise<Operations.TransactionDiffQuery> {
      return requester<Operations.TransactionDiffQuery, Operations.TransactionDiffQueryVariables>(Operations.TransactionDiffDocument, variables, options) as Promise<Operations.TransactionDiffQuery>;
    },
    /** Statistics of the attempts of one task name. */
    taskStats(variables: Operations.TaskStatsQueryVariables, options?: C): Promise<Operations.TaskStatsQuery> {
      return requester<Operations.TaskStatsQuery, Operations.TaskStatsQueryVariables>(Operations.TaskStatsDocument, variables, options) as Promise<Operations.TaskStatsQuery>;
    },
    /** The newest attempt of each task of a node. */
    lastTasks(variables: Operations.LastTasksQueryVariables, options?: C): Promise<Operations.LastTasksQuery> {
      return requester<Operations.LastTasksQuery, Operations.LastTasksQueryVariables>(Operations.LastTasksDocument, variables, options) as Promise<Operations.LastTasksQuery>;
    },
    /** The newest attempt of each task of a node that succeeded. */
    lastSuccesses(variables: Operations.LastSuccessesQueryVariables, options?: C): Promise<Operations.LastSuccessesQuery> {
      return requester<Operations.LastSuccessesQuery, Operations.LastSuccessesQueryVariables>(Operations.LastSuccessesDocument, variables, options) as Promise<Operations.LastSuccessesQuery>;
    },
    /** The tokens that the caller may see. */
    apiTokens(variables?: Operations.ApiTokensQueryVariables, options?: C): Promise<Operations.ApiTokensQuery> {
      return requester<Operations.ApiTokensQuery, Operations.ApiTokensQueryVariables>(Operations.ApiTokensDocument, variables, options) as Promise<Operations.ApiTokensQuery>;
    },
    /** Makes a token; its secret is in this answer and nowhere else. */
    apiTokenCreate(variables: Operations.ApiTokenCreateMutationVariables, options?: C): Promise<Operations.ApiTokenCreateMutation> {
      return requester<Operations.ApiTokenCreateMutation, Operations.ApiTokenCreateMutationVariables>(Operations.ApiTokenCreateDocument, variables, options) as Promise<Operations.ApiTokenCreateMutation>;
    },
    /** Ends a token's rights. */
    apiTokenRevoke(variables: Operations.ApiTokenRevokeMutationVariables, options?: C): Promise<Operations.ApiTokenRevokeMutation> {
      return requester<Operations.ApiTokenRevokeMutation, Operations.ApiTokenRevokeMutationVariables>(Operations.ApiTokenRevokeDocument, variables, options) as Promise<Operations.ApiTokenRevokeMutation>;
    },
    /** What engines have to do at which instants. */
    backgroundJobs(variables?: Operations.BackgroundJobsQueryVariables, options?: C): Promise<Operations.BackgroundJobsQuery> {
      return requester<Operations.BackgroundJobsQuery, Operations.BackgroundJobsQueryVariables>(Operations.BackgroundJobsDocument, variables, options) as Promise<Operations.BackgroundJobsQuery>;
    },
    /** One background job, and what came of its last due instants. */
    backgroundJob(variables: Operations.BackgroundJobQueryVariables, options?: C): Promise<Operations.BackgroundJobQuery> {
      return requester<Operations.BackgroundJobQuery, Operations.BackgroundJobQueryVariables>(Operations.BackgroundJobDocument, variables, options) as Promise<Operations.BackgroundJobQuery>;
    },
    /** Pins a background job to a service or to labels, or takes the pin away. */
    backgroundJobRebind(variables: Operations.BackgroundJobRebindMutationVariables, options?: C): Promise<Operations.BackgroundJobRebindMutation> {
      return requester<Operations.BackgroundJobRebindMutation, Operations.BackgroundJobRebindMutationVariables>(Operations.BackgroundJobRebindDocument, variables, options) as Promise<Operations.BackgroundJobRebindMutation>;
    },
    /** The hosts that run an agent. */
    clients(variables?: Operations.ClientsQueryVariables, options?: C): Promise<Operations.ClientsQuery> {
      return requester<Operations.ClientsQuery, Operations.ClientsQueryVariables>(Operations.ClientsDocument, variables, options) as Promise<Operations.ClientsQuery>;
    },
    /** One client by its global id or its key. */
    client(variables: Operations.ClientQueryVariables, options?: C): Promise<Operations.ClientQuery> {
      return requester<Operations.ClientQuery, Operations.ClientQueryVariables>(Operations.ClientDocument, variables, options) as Promise<Operations.ClientQuery>;
    },
    /** Changes what people say of a client. */
    clientUpdate(variables: Operations.ClientUpdateMutationVariables, options?: C): Promise<Operations.ClientUpdateMutation> {
      return requester<Operations.ClientUpdateMutation, Operations.ClientUpdateMutationVariables>(Operations.ClientUpdateDocument, variables, options) as Promise<Operations.ClientUpdateMutation>;
    },
    /** Removes a client; its runs stay. */
    clientRemove(variables: Operations.ClientRemoveMutationVariables, options?: C): Promise<Operations.ClientRemoveMutation> {
      return requester<Operations.ClientRemoveMutation, Operations.ClientRemoveMutationVariables>(Operations.ClientRemoveDocument, variables, options) as Promise<Operations.ClientRemoveMutation>;
    },
    /** The clusters that the caller may see. */
    clusters(variables?: Operations.ClustersQueryVariables, options?: C): Promise<Operations.ClustersQuery> {
      return requester<Operations.ClustersQuery, Operations.ClustersQueryVariables>(Operations.ClustersDocument, variables, options) as Promise<Operations.ClustersQuery>;
    },
    /** One cluster by its global id or its external id. */
    cluster(variables: Operations.ClusterQueryVariables, options?: C): Promise<Operations.ClusterQuery> {
      return requester<Operations.ClusterQuery, Operations.ClusterQueryVariables>(Operations.ClusterDocument, variables, options) as Promise<Operations.ClusterQuery>;
    },
    /** Makes a cluster. */
    clusterCreate(variables: Operations.ClusterCreateMutationVariables, options?: C): Promise<Operations.ClusterCreateMutation> {
      return requester<Operations.ClusterCreateMutation, Operations.ClusterCreateMutationVariables>(Operations.ClusterCreateDocument, variables, options) as Promise<Operations.ClusterCreateMutation>;
    },
    /** Changes what a cluster is called and which release it runs. */
    clusterUpdate(variables: Operations.ClusterUpdateMutationVariables, options?: C): Promise<Operations.ClusterUpdateMutation> {
      return requester<Operations.ClusterUpdateMutation, Operations.ClusterUpdateMutationVariables>(Operations.ClusterUpdateDocument, variables, options) as Promise<Operations.ClusterUpdateMutation>;
    },
    /** Removes a cluster from lists; its history stays. */
    clusterRemove(variables: Operations.ClusterRemoveMutationVariables, options?: C): Promise<Operations.ClusterRemoveMutation> {
      return requester<Operations.ClusterRemoveMutation, Operations.ClusterRemoveMutationVariables>(Operations.ClusterRemoveDocument, variables, options) as Promise<Operations.ClusterRemoveMutation>;
    },
    /** Announces a deployment and its graph. */
    transactionStart(variables: Operations.TransactionStartMutationVariables, options?: C): Promise<Operations.TransactionStartMutation> {
      return requester<Operations.TransactionStartMutation, Operations.TransactionStartMutationVariables>(Operations.TransactionStartDocument, variables, options) as Promise<Operations.TransactionStartMutation>;
    },
    /** Says what happened to tasks of a deployment. */
    transactionReport(variables: Operations.TransactionReportMutationVariables, options?: C): Promise<Operations.TransactionReportMutation> {
      return requester<Operations.TransactionReportMutation, Operations.TransactionReportMutationVariables>(Operations.TransactionReportDocument, variables, options) as Promise<Operations.TransactionReportMutation>;
    },
    /** Ends a deployment. */
    transactionEnd(variables: Operations.TransactionEndMutationVariables, options?: C): Promise<Operations.TransactionEndMutation> {
      return requester<Operations.TransactionEndMutation, Operations.TransactionEndMutationVariables>(Operations.TransactionEndDocument, variables, options) as Promise<Operations.TransactionEndMutation>;
    },
    /** Begins tasks of a deployment that is over anew. */
    transactionReset(variables: Operations.TransactionResetMutationVariables, options?: C): Promise<Operations.TransactionResetMutation> {
      return requester<Operations.TransactionResetMutation, Operations.TransactionResetMutationVariables>(Operations.TransactionResetDocument, variables, options) as Promise<Operations.TransactionResetMutation>;
    },
    /** Past and coming due times of all jobs, with what came of them. */
    dueTimes(variables?: Operations.DueTimesQueryVariables, options?: C): Promise<Operations.DueTimesQuery> {
      return requester<Operations.DueTimesQuery, Operations.DueTimesQueryVariables>(Operations.DueTimesDocument, variables, options) as Promise<Operations.DueTimesQuery>;
    },
    /** When a job is due next. */
    jobNextRuns(variables: Operations.JobNextRunsQueryVariables, options?: C): Promise<Operations.JobNextRunsQuery> {
      return requester<Operations.JobNextRunsQuery, Operations.JobNextRunsQueryVariables>(Operations.JobNextRunsDocument, variables, options) as Promise<Operations.JobNextRunsQuery>;
    },
    /** When a schedule would be due, and what is wrong with it. */
    schedulePreview(variables: Operations.SchedulePreviewQueryVariables, options?: C): Promise<Operations.SchedulePreviewQuery> {
      return requester<Operations.SchedulePreviewQuery, Operations.SchedulePreviewQueryVariables>(Operations.SchedulePreviewDocument, variables, options) as Promise<Operations.SchedulePreviewQuery>;
    },
    /** What a new job or a change would come to; nothing is written. */
    jobPreview(variables: Operations.JobPreviewQueryVariables, options?: C): Promise<Operations.JobPreviewQuery> {
      return requester<Operations.JobPreviewQuery, Operations.JobPreviewQueryVariables>(Operations.JobPreviewDocument, variables, options) as Promise<Operations.JobPreviewQuery>;
    },
    /** The states of a job's definition, the newest first. */
    jobRevisions(variables: Operations.JobRevisionsQueryVariables, options?: C): Promise<Operations.JobRevisionsQuery> {
      return requester<Operations.JobRevisionsQuery, Operations.JobRevisionsQueryVariables>(Operations.JobRevisionsDocument, variables, options) as Promise<Operations.JobRevisionsQuery>;
    },
    /** What lies between two states of a job's definition. */
    jobDiff(variables: Operations.JobDiffQueryVariables, options?: C): Promise<Operations.JobDiffQuery> {
      return requester<Operations.JobDiffQuery, Operations.JobDiffQueryVariables>(Operations.JobDiffDocument, variables, options) as Promise<Operations.JobDiffQuery>;
    },
    /** Gives a job an earlier definition again. */
    jobRevert(variables: Operations.JobRevertMutationVariables, options?: C): Promise<Operations.JobRevertMutation> {
      return requester<Operations.JobRevertMutation, Operations.JobRevertMutationVariables>(Operations.JobRevertDocument, variables, options) as Promise<Operations.JobRevertMutation>;
    },
    /** The record of a transaction: what is there, then what comes, until it is over. */
    taskEventAppended(variables: Operations.TaskEventAppendedSubscriptionVariables, options?: C): AsyncIterable<Operations.TaskEventAppendedSubscription> {
      return requester<Operations.TaskEventAppendedSubscription, Operations.TaskEventAppendedSubscriptionVariables>(Operations.TaskEventAppendedDocument, variables, options) as AsyncIterable<Operations.TaskEventAppendedSubscription>;
    },
    /** Rows of tasks as they are made and changed. */
    taskHistoryChanged(variables?: Operations.TaskHistoryChangedSubscriptionVariables, options?: C): AsyncIterable<Operations.TaskHistoryChangedSubscription> {
      return requester<Operations.TaskHistoryChangedSubscription, Operations.TaskHistoryChangedSubscriptionVariables>(Operations.TaskHistoryChangedDocument, variables, options) as AsyncIterable<Operations.TaskHistoryChangedSubscription>;
    },
    /** Deployments, runs and plans as they change. */
    transactionChanged(variables?: Operations.TransactionChangedSubscriptionVariables, options?: C): AsyncIterable<Operations.TransactionChangedSubscription> {
      return requester<Operations.TransactionChangedSubscription, Operations.TransactionChangedSubscriptionVariables>(Operations.TransactionChangedDocument, variables, options) as AsyncIterable<Operations.TransactionChangedSubscription>;
    },
    /** The jobs that the caller may see. */
    jobs(variables?: Operations.JobsQueryVariables, options?: C): Promise<Operations.JobsQuery> {
      return requester<Operations.JobsQuery, Operations.JobsQueryVariables>(Operations.JobsDocument, variables, options) as Promise<Operations.JobsQuery>;
    },
    /** One job by its global id or its key. */
    job(variables: Operations.JobQueryVariables, options?: C): Promise<Operations.JobQuery> {
      return requester<Operations.JobQuery, Operations.JobQueryVariables>(Operations.JobDocument, variables, options) as Promise<Operations.JobQuery>;
    },
    /** One job as a Freezer document. */
    jobDocument(variables: Operations.JobDocumentQueryVariables, options?: C): Promise<Operations.JobDocumentQuery> {
      return requester<Operations.JobDocumentQuery, Operations.JobDocumentQueryVariables>(Operations.JobDocumentDocument, variables, options) as Promise<Operations.JobDocumentQuery>;
    },
    /** Makes a job. */
    jobCreate(variables: Operations.JobCreateMutationVariables, options?: C): Promise<Operations.JobCreateMutation> {
      return requester<Operations.JobCreateMutation, Operations.JobCreateMutationVariables>(Operations.JobCreateDocument, variables, options) as Promise<Operations.JobCreateMutation>;
    },
    /** Makes a job from a Freezer document. */
    jobImport(variables: Operations.JobImportMutationVariables, options?: C): Promise<Operations.JobImportMutation> {
      return requester<Operations.JobImportMutation, Operations.JobImportMutationVariables>(Operations.JobImportDocument, variables, options) as Promise<Operations.JobImportMutation>;
    },
    /** Changes what a job does, and when. */
    jobUpdate(variables: Operations.JobUpdateMutationVariables, options?: C): Promise<Operations.JobUpdateMutation> {
      return requester<Operations.JobUpdateMutation, Operations.JobUpdateMutationVariables>(Operations.JobUpdateDocument, variables, options) as Promise<Operations.JobUpdateMutation>;
    },
    /** Puts a job under its schedule. */
    jobStart(variables: Operations.JobStartMutationVariables, options?: C): Promise<Operations.JobStartMutation> {
      return requester<Operations.JobStartMutation, Operations.JobStartMutationVariables>(Operations.JobStartDocument, variables, options) as Promise<Operations.JobStartMutation>;
    },
    /** Takes a job off its schedule. */
    jobStop(variables: Operations.JobStopMutationVariables, options?: C): Promise<Operations.JobStopMutation> {
      return requester<Operations.JobStopMutation, Operations.JobStopMutationVariables>(Operations.JobStopDocument, variables, options) as Promise<Operations.JobStopMutation>;
    },
    /** Ends every open run of a job. */
    jobAbort(variables: Operations.JobAbortMutationVariables, options?: C): Promise<Operations.JobAbortMutation> {
      return requester<Operations.JobAbortMutation, Operations.JobAbortMutationVariables>(Operations.JobAbortDocument, variables, options) as Promise<Operations.JobAbortMutation>;
    },
    /** Removes a job. */
    jobRemove(variables: Operations.JobRemoveMutationVariables, options?: C): Promise<Operations.JobRemoveMutation> {
      return requester<Operations.JobRemoveMutation, Operations.JobRemoveMutationVariables>(Operations.JobRemoveDocument, variables, options) as Promise<Operations.JobRemoveMutation>;
    },
    /** Jobs' changes of status as they happen. */
    jobStatusChanged(variables?: Operations.JobStatusChangedSubscriptionVariables, options?: C): AsyncIterable<Operations.JobStatusChangedSubscription> {
      return requester<Operations.JobStatusChangedSubscription, Operations.JobStatusChangedSubscriptionVariables>(Operations.JobStatusChangedDocument, variables, options) as AsyncIterable<Operations.JobStatusChangedSubscription>;
    },
    /** What kind of object a global id belongs to; null where the caller may see none. */
    node(variables: Operations.NodeQueryVariables, options?: C): Promise<Operations.NodeQuery> {
      return requester<Operations.NodeQuery, Operations.NodeQueryVariables>(Operations.NodeDocument, variables, options) as Promise<Operations.NodeQuery>;
    },
    /** The same for several ids, in their order. */
    nodes(variables: Operations.NodesQueryVariables, options?: C): Promise<Operations.NodesQuery> {
      return requester<Operations.NodesQuery, Operations.NodesQueryVariables>(Operations.NodesDocument, variables, options) as Promise<Operations.NodesQuery>;
    },
    /** How long the history is kept, and what was deleted because of its age. */
    historyRetention(variables?: Operations.HistoryRetentionQueryVariables, options?: C): Promise<Operations.HistoryRetentionQuery> {
      return requester<Operations.HistoryRetentionQuery, Operations.HistoryRetentionQueryVariables>(Operations.HistoryRetentionDocument, variables, options) as Promise<Operations.HistoryRetentionQuery>;
    },
    /** The runs that the caller may see. */
    runs(variables?: Operations.RunsQueryVariables, options?: C): Promise<Operations.RunsQuery> {
      return requester<Operations.RunsQuery, Operations.RunsQueryVariables>(Operations.RunsDocument, variables, options) as Promise<Operations.RunsQuery>;
    },
    /** One run by its global id or its number. */
    run(variables: Operations.RunQueryVariables, options?: C): Promise<Operations.RunQuery> {
      return requester<Operations.RunQuery, Operations.RunQueryVariables>(Operations.RunDocument, variables, options) as Promise<Operations.RunQuery>;
    },
    /** The attempts of a run. */
    runTasks(variables: Operations.RunTasksQueryVariables, options?: C): Promise<Operations.RunTasksQuery> {
      return requester<Operations.RunTasksQuery, Operations.RunTasksQueryVariables>(Operations.RunTasksDocument, variables, options) as Promise<Operations.RunTasksQuery>;
    },
    /** What a run wrote so far. */
    runOutput(variables: Operations.RunOutputQueryVariables, options?: C): Promise<Operations.RunOutputQuery> {
      return requester<Operations.RunOutputQuery, Operations.RunOutputQueryVariables>(Operations.RunOutputDocument, variables, options) as Promise<Operations.RunOutputQuery>;
    },
    /** Runs a job once, now. */
    jobRunNow(variables: Operations.JobRunNowMutationVariables, options?: C): Promise<Operations.JobRunNowMutation> {
      return requester<Operations.JobRunNowMutation, Operations.JobRunNowMutationVariables>(Operations.JobRunNowDocument, variables, options) as Promise<Operations.JobRunNowMutation>;
    },
    /** Runs as they change. */
    runChanged(variables?: Operations.RunChangedSubscriptionVariables, options?: C): AsyncIterable<Operations.RunChangedSubscription> {
      return requester<Operations.RunChangedSubscription, Operations.RunChangedSubscriptionVariables>(Operations.RunChangedDocument, variables, options) as AsyncIterable<Operations.RunChangedSubscription>;
    },
    /** What a run writes, from its beginning (or a cursor) to its end. */
    runOutputAppended(variables: Operations.RunOutputAppendedSubscriptionVariables, options?: C): AsyncIterable<Operations.RunOutputAppendedSubscription> {
      return requester<Operations.RunOutputAppendedSubscription, Operations.RunOutputAppendedSubscriptionVariables>(Operations.RunOutputAppendedDocument, variables, options) as AsyncIterable<Operations.RunOutputAppendedSubscription>;
    },
    /** The server processes with an engine. */
    services(variables?: Operations.ServicesQueryVariables, options?: C): Promise<Operations.ServicesQuery> {
      return requester<Operations.ServicesQuery, Operations.ServicesQueryVariables>(Operations.ServicesDocument, variables, options) as Promise<Operations.ServicesQuery>;
    },
    /** One service by its global id, `host/name`, or its name. */
    service(variables: Operations.ServiceQueryVariables, options?: C): Promise<Operations.ServiceQuery> {
      return requester<Operations.ServiceQuery, Operations.ServiceQueryVariables>(Operations.ServiceDocument, variables, options) as Promise<Operations.ServiceQuery>;
    },
    /** Has a service let go of all it owns, or take work again. */
    serviceDrain(variables: Operations.ServiceDrainMutationVariables, options?: C): Promise<Operations.ServiceDrainMutation> {
      return requester<Operations.ServiceDrainMutation, Operations.ServiceDrainMutationVariables>(Operations.ServiceDrainDocument, variables, options) as Promise<Operations.ServiceDrainMutation>;
    },
    /** Forgets a service that has stopped or failed. */
    serviceRemove(variables: Operations.ServiceRemoveMutationVariables, options?: C): Promise<Operations.ServiceRemoveMutation> {
      return requester<Operations.ServiceRemoveMutation, Operations.ServiceRemoveMutationVariables>(Operations.ServiceRemoveDocument, variables, options) as Promise<Operations.ServiceRemoveMutation>;
    },
    /** Services as they come, go, fail and are drained. */
    serviceStateChanged(variables?: Operations.ServiceStateChangedSubscriptionVariables, options?: C): AsyncIterable<Operations.ServiceStateChangedSubscription> {
      return requester<Operations.ServiceStateChangedSubscription, Operations.ServiceStateChangedSubscriptionVariables>(Operations.ServiceStateChangedDocument, variables, options) as AsyncIterable<Operations.ServiceStateChangedSubscription>;
    },
    /** The slices of the schedule, and who owns them. */
    shards(variables?: Operations.ShardsQueryVariables, options?: C): Promise<Operations.ShardsQuery> {
      return requester<Operations.ShardsQuery, Operations.ShardsQueryVariables>(Operations.ShardsDocument, variables, options) as Promise<Operations.ShardsQuery>;
    },
    /** Shards as they change hands: who, why, from and to. */
    shardMoved(variables?: Operations.ShardMovedSubscriptionVariables, options?: C): AsyncIterable<Operations.ShardMovedSubscription> {
      return requester<Operations.ShardMovedSubscription, Operations.ShardMovedSubscriptionVariables>(Operations.ShardMovedDocument, variables, options) as AsyncIterable<Operations.ShardMovedSubscription>;
    },
    /** Deletes a transaction with everything of it. */
    transactionDelete(variables: Operations.TransactionDeleteMutationVariables, options?: C): Promise<Operations.TransactionDeleteMutation> {
      return requester<Operations.TransactionDeleteMutation, Operations.TransactionDeleteMutationVariables>(Operations.TransactionDeleteDocument, variables, options) as Promise<Operations.TransactionDeleteMutation>;
    },
    /** What is left of a transaction that was deleted. */
    transactionTombstone(variables: Operations.TransactionTombstoneQueryVariables, options?: C): Promise<Operations.TransactionTombstoneQuery> {
      return requester<Operations.TransactionTombstoneQuery, Operations.TransactionTombstoneQueryVariables>(Operations.TransactionTombstoneDocument, variables, options) as Promise<Operations.TransactionTombstoneQuery>;
    },
    /** What is left of all of them, the latest first. */
    transactionTombstones(variables?: Operations.TransactionTombstonesQueryVariables, options?: C): Promise<Operations.TransactionTombstonesQuery> {
      return requester<Operations.TransactionTombstonesQuery, Operations.TransactionTombstonesQueryVariables>(Operations.TransactionTombstonesDocument, variables, options) as Promise<Operations.TransactionTombstonesQuery>;
    },
    /** Every execution of anything: deployments, runs of jobs, action plans. */
    transactions(variables?: Operations.TransactionsQueryVariables, options?: C): Promise<Operations.TransactionsQuery> {
      return requester<Operations.TransactionsQuery, Operations.TransactionsQueryVariables>(Operations.TransactionsDocument, variables, options) as Promise<Operations.TransactionsQuery>;
    },
    /** One transaction by its global id or its number. */
    transaction(variables: Operations.TransactionQueryVariables, options?: C): Promise<Operations.TransactionQuery> {
      return requester<Operations.TransactionQuery, Operations.TransactionQueryVariables>(Operations.TransactionDocument, variables, options) as Promise<Operations.TransactionQuery>;
    },
    /** What a deployment was given. */
    deploymentInput(variables: Operations.DeploymentInputQueryVariables, options?: C): Promise<Operations.DeploymentInputQuery> {
      return requester<Operations.DeploymentInputQuery, Operations.DeploymentInputQueryVariables>(Operations.DeploymentInputDocument, variables, options) as Promise<Operations.DeploymentInputQuery>;
    },
    /** The attempts of a transaction's tasks, in the order they were made. */
    transactionTasks(variables: Operations.TransactionTasksQueryVariables, options?: C): Promise<Operations.TransactionTasksQuery> {
      return requester<Operations.TransactionTasksQuery, Operations.TransactionTasksQueryVariables>(Operations.TransactionTasksDocument, variables, options) as Promise<Operations.TransactionTasksQuery>;
    },
    /** What was recorded of a transaction's tasks, in the order of the record. */
    transactionEvents(variables: Operations.TransactionEventsQueryVariables, options?: C): Promise<Operations.TransactionEventsQuery> {
      return requester<Operations.TransactionEventsQuery, Operations.TransactionEventsQueryVariables>(Operations.TransactionEventsDocument, variables, options) as Promise<Operations.TransactionEventsQuery>;
    },
    /** The tasks that ever ran, of all transactions. */
    taskHistory(variables?: Operations.TaskHistoryQueryVariables, options?: C): Promise<Operations.TaskHistoryQuery> {
      return requester<Operations.TaskHistoryQuery, Operations.TaskHistoryQueryVariables>(Operations.TaskHistoryDocument, variables, options) as Promise<Operations.TaskHistoryQuery>;
    },
    /** One attempt of a task, with everything that was reported of it. */
    task(variables: Operations.TaskQueryVariables, options?: C): Promise<Operations.TaskQuery> {
      return requester<Operations.TaskQuery, Operations.TaskQueryVariables>(Operations.TaskDocument, variables, options) as Promise<Operations.TaskQuery>;
    },
    /** Who calls, with which rights, and the server that answers. */
    viewer(variables?: Operations.ViewerQueryVariables, options?: C): Promise<Operations.ViewerQuery> {
      return requester<Operations.ViewerQuery, Operations.ViewerQueryVariables>(Operations.ViewerDocument, variables, options) as Promise<Operations.ViewerQuery>;
    },
    /** The cursor of this moment: take it, read a state, then follow from it. */
    liveCursor(variables?: Operations.LiveCursorQueryVariables, options?: C): Promise<Operations.LiveCursorQuery> {
      return requester<Operations.LiveCursorQuery, Operations.LiveCursorQueryVariables>(Operations.LiveCursorDocument, variables, options) as Promise<Operations.LiveCursorQuery>;
    },
    /** A one-time link that logs a browser in with the caller's rights. */
    loginLinkCreate(variables: Operations.LoginLinkCreateMutationVariables, options?: C): Promise<Operations.LoginLinkCreateMutation> {
      return requester<Operations.LoginLinkCreateMutation, Operations.LoginLinkCreateMutationVariables>(Operations.LoginLinkCreateDocument, variables, options) as Promise<Operations.LoginLinkCreateMutation>;
    }
  };
}
export type Sdk = ReturnType<typeof getSdk>;