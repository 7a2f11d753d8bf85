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
    /** Who calls, with which rights, and the server that answers. */
    viewer(variables?: Operations.ViewerQueryVariables, options?: C): Promise<Operations.ViewerQuery> {
      return requester<Operations.ViewerQuery, Operations.ViewerQueryVariables>(Operations.ViewerDocument, variables, options) as Promise<Operations.ViewerQuery>;
    },
    /** A one-time link that logs a browser in with the caller's rights. */
    loginLinkCreate(variables: Operations.LoginLinkCreateMutationVariables, options?: C): Promise<Operations.LoginLinkCreateMutation> {
      return requester<Operations.LoginLinkCreateMutation, Operations.LoginLinkCreateMutationVariables>(Operations.LoginLinkCreateDocument, variables, options) as Promise<Operations.LoginLinkCreateMutation>;
    }
  };
}
export type Sdk = ReturnType<typeof getSdk>;