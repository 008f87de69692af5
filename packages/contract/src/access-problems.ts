import type { ProblemKind } from './problem-kind.ts'

/** The part of the catalogue of problems that is about people, agents, keys and organizations. */
export const ACCESS_PROBLEMS = {
  login_required: {
    status: 403,
    title: 'Only for people who have logged in',
    meaning: 'The operation is about the person who calls it: their profile and their devices. A key, a token or a run has none.',
    remedy: 'Log in: open the server in a browser, or run `orrery login`.',
  },
  proof_required: {
    status: 403,
    title: 'Confirm that it is you',
    meaning:
      'The operation is dangerous, and you logged in, or confirmed it last, more than ten minutes ago; `provedAt` says when. API keys and tokens ' +
      'need no confirmation.',
    remedy: 'Confirm with a passkey at `/login?proof` of the server, or run `orrery login` again. Then repeat the request.',
  },
  passkey_required: {
    status: 403,
    title: 'The organization requires a passkey',
    meaning: 'Members act in this organization only with a login that was made with a passkey. Yours was made in another way.',
    remedy: 'Log in again with a passkey. If you have none yet, add one on your account page first.',
  },
  mail_domain_refused: {
    status: 403,
    title: 'The organization refuses the domain of the address',
    meaning: 'The organization allows only members whose mail addresses have one of its domains.',
    remedy: 'Use an address of one of these domains, or ask an admin to change the rules of the organization.',
  },
  'key.not_found': {
    status: 404,
    title: 'No such API key',
    meaning: 'No key of your organization has this id.',
    remedy: 'List keys with `orrery keys list`.',
  },
  'key.scope_too_wide': {
    status: 403,
    title: 'A key cannot grant scopes that it does not have',
    meaning: 'The new key would have a scope that the key used for this request does not have.',
    remedy: 'Request fewer scopes, or use a key that has them.',
  },
  'token.scope_too_wide': {
    status: 403,
    title: 'A token cannot have scopes that its holder does not have',
    meaning: 'The request asks for a scope that the key, agent or refresh token it was sent with does not have.',
    remedy: 'Ask for fewer scopes, or for none: then the token has all that its holder has.',
  },
  'agent.not_found': {
    status: 404,
    title: 'No such agent',
    meaning: 'No agent of your organization has this id. It may have been deleted.',
    remedy: 'List agents with `orrery agents list`.',
  },
  'agent.name_taken': {
    status: 409,
    title: 'The name of the agent is taken',
    meaning: 'Names of agents are unique in an organization.',
    remedy: 'Choose another name, or change the agent with that name.',
  },
  'agent.scope_too_wide': {
    status: 403,
    title: 'An agent cannot get scopes that you do not have',
    meaning:
      'To give an agent scopes, to make a credential for it, or to let it in again after a suspension, a caller must have each of its scopes. ' +
      'Otherwise a caller could act through an agent that may do more.',
    remedy: 'Grant fewer scopes, or use a key that has them.',
  },
  'credential.not_found': {
    status: 404,
    title: 'No such credential',
    meaning: 'The agent has no credential with this id.',
    remedy: 'List the credentials of an agent with `orrery credentials list <agentId>`.',
  },
  'invitation.not_found': {
    status: 404,
    title: 'No such invitation',
    meaning: 'No invitation of your organization has this id.',
    remedy: 'List invitations with `orrery invitations list`.',
  },
  'invitation.pending': {
    status: 409,
    title: 'The address is invited already',
    meaning: 'Your organization has an open invitation for this e-mail address.',
    remedy: 'Send it again with `orrery invitations resend`, or revoke it first, for example to give another role.',
  },
  'invitation.closed': {
    status: 409,
    title: 'The invitation is no longer open',
    meaning: 'It was accepted, or it was revoked.',
    remedy: 'If it was accepted, change the member with `orrery members`. If it was revoked, invite the person again.',
  },
  'member.already': {
    status: 409,
    title: 'The person is a member already',
    meaning: 'A member of your organization has this e-mail address. The member may be suspended.',
    remedy: 'List members with `orrery members list`, and change the role with `orrery members update`.',
  },
  'member.not_found': {
    status: 404,
    title: 'No such member',
    meaning: 'No member of your organization has this id.',
    remedy: 'List members with `orrery members list`.',
  },
  'consent.not_found': {
    status: 404,
    title: 'No such consent',
    meaning: 'You allowed no program anything under this id, or you have withdrawn it.',
    remedy: 'List what you allowed with `GET /api/v1/consents`.',
  },
  'member.role_too_wide': {
    status: 403,
    title: 'The role is wider than your own',
    meaning: 'The role that the member has, or would get, has a permission that you do not have.',
    remedy: 'Ask a member with a wider role, such as an admin.',
  },
  'member.last_admin': {
    status: 409,
    title: 'The organization would have no admin',
    meaning: 'This member is the last admin that is not suspended. Without one, no member could let others in again.',
    remedy: 'Give another member the role `admin` first.',
  },
  'role.not_found': {
    status: 404,
    title: 'No such role',
    meaning: 'It is not the name of a built-in role, nor of one that your organization has added.',
    remedy: 'List roles with `orrery roles list`.',
  },
  'role.built_in': {
    status: 409,
    title: 'The role is built in',
    meaning:
      'The names of built-in roles and of sets of scopes are the same in every organization. They can be neither changed nor deleted.',
    remedy: 'Choose another name for a role of your own.',
  },
  'role.too_wide': {
    status: 403,
    title: 'The role is wider than your own permissions',
    meaning: 'The role has, or would get, a permission that you do not have; `permission` names all of them.',
    remedy: 'Leave out these permissions, or ask an admin.',
  },
  'role.in_use': {
    status: 409,
    title: 'The role is in use',
    meaning: 'Members have this role. Without it they could do nothing.',
    remedy: 'Give these members another role first: `orrery members list`, `orrery members update`.',
  },
  'role.too_many': {
    status: 409,
    title: 'Too many roles',
    meaning: 'An organization can add 100 roles.',
    remedy: 'Delete a role that no member has.',
  },
  'group.not_found': {
    status: 404,
    title: 'No such group',
    meaning: 'No group of your organization has this id.',
    remedy: 'List groups with `orrery groups list`.',
  },
  'group.name_taken': {
    status: 409,
    title: 'The name of the group is taken',
    meaning: 'Names of groups are unique in an organization.',
    remedy: 'Choose another name, or use the group that has it.',
  },
  'device.not_found': {
    status: 404,
    title: 'No such device',
    meaning: 'None of your logins has this id. It may have ended.',
    remedy: 'List your logins with `orrery devices list`.',
  },
  'org.rule_locks_out': {
    status: 409,
    title: 'The rule would lock you out',
    meaning: 'Your own login breaks the rule, so you could not change it back.',
    remedy: 'Log in with a passkey before you require one, and include the domain of your own address.',
  },
  'profile.last_administrator': {
    status: 409,
    title: 'The installation would have no administrator',
    meaning: 'You are the last person who may create and list organizations. Without one, no person could let others administer it.',
    remedy: 'Let another person administer the installation first.',
  },
  'erasure.not_found': {
    status: 404,
    title: 'No such erasure',
    meaning: 'No erasure of your organization has this id.',
    remedy: 'List erasures with `orrery erasures list`.',
  },
  'org.not_found': {
    status: 404,
    title: 'No such organization',
    meaning: 'No organization that is visible to you has this id.',
    remedy: 'List organizations with `orrery orgs list`.',
  },
  'org.name_taken': {
    status: 409,
    title: 'The name of the organization is taken',
    meaning: 'Names of organizations are unique in an installation.',
    remedy: 'Choose another name.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>
