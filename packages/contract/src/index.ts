/** Everything that crosses a process boundary: shapes, problems, permissions and the registry of operations. No I/O. */
export { describeIssue, describeMessage } from './describe-issue.ts'
export { duration } from './duration.ts'
export { EVENT_TYPES, type Event, type EventType, event, eventId, eventTopic, isReservedTopic } from './events.ts'
export {
  describeLargeNumber,
  findLargeNumber,
  type LargeNumber,
  parseExactJson,
  parseForeignJson,
  quoteLargeNumbers,
} from './exact-json.ts'
export { expandUnions } from './expand-unions.ts'
export * from './ids.ts'
export { isObject, type Json, type JsonObject } from './json.ts'
export { apiKey, newApiKey, org, orgRules } from './nouns/access.ts'
export { agent, credential, newCredential } from './nouns/agent.ts'
export { auditEntry, auditVerdict } from './nouns/audit.ts'
export * from './nouns/automation.ts'
export * from './nouns/calendar.ts'
export * from './nouns/connection.ts'
export { consent } from './nouns/consent.ts'
export { group, groupMember } from './nouns/group.ts'
export { invitation } from './nouns/invitation.ts'
export { member } from './nouns/member.ts'
export { erasure, memberExport, personExport, retention } from './nouns/personal-data.ts'
export * from './nouns/pipeline.ts'
export { device, orgOfPerson, profile } from './nouns/profile.ts'
export { limit, queue, worker } from './nouns/queue.ts'
export { BUILT_IN_ROLES, role } from './nouns/role.ts'
export * from './nouns/run.ts'
export * from './nouns/schedule.ts'
export * from './nouns/schedule-preview.ts'
export * from './nouns/start.ts'
export * from './nouns/stored-pipeline.ts'
export { tokenPair } from './nouns/token.ts'
export * from './nouns/tool.ts'
export * from './nouns/workflow.ts'
export { defineOperation, type Operation, type Shape } from './operation.ts'
export { type OperationName, operations } from './operations.generated.ts'
export { PAGE_LIMIT_MAX, type Page, page, pageInput } from './pagination.ts'
export {
  type Access,
  isBuiltInSet,
  isScope,
  PERMISSION_SETS,
  PERMISSIONS,
  type Permission,
  type PermissionSet,
  permission,
  permissionSet,
  permissionToGrant,
  ROLES,
  type Role,
  roleName,
} from './permissions.ts'
export { COMMON_PROBLEMS, PROBLEMS, type ProblemCode } from './problem-catalogue.ts'
export type { ProblemKind } from './problem-kind.ts'
export {
  type FieldError,
  fieldError,
  type Problem,
  ProblemError,
  type ProblemExtra,
  problem,
  problemShape,
  problemType,
} from './problems.ts'
export * from './registry.ts'
export { isReservedWorkflow, RESERVED_WORKFLOW_PREFIX } from './reserved-workflows.ts'
export { email, json, name, priority, sha256, tag, text, timestamp } from './scalars.ts'
