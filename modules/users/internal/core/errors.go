package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound     = apperr.New(apperr.NotFound, "users.not_found", "There is no such user, or none that you may see.")
	ErrUnknownUsers = apperr.New(apperr.NotFound, "users.not_found", "At least one of these users does not exist in your organization.")
	ErrNoOrg        = apperr.New(apperr.NotFound, "users.organization_not_found", "There is no such organization, or none that you may see.")
	ErrNoPermission = apperr.New(apperr.NotFound, "users.permission_not_found", "There is no such permission, or none that you may see.")
	ErrNoResource   = apperr.New(apperr.NotFound, "users.resource_not_found", "There is no such team, project or agent, or none that you may see.")
	ErrNoKey        = apperr.New(apperr.NotFound, "users.key_not_found", "There is no such API key, or none that you may see.")

	ErrEmail      = apperr.New(apperr.Unprocessable, "users.invalid_email", "The e-mail address is not one that mail can be sent to.").WithField("email", "is no address that mail can be sent to")
	ErrPassword   = apperr.New(apperr.Unprocessable, "users.weak_password", "A password has at least 8 and at most 256 characters.")
	ErrService    = apperr.New(apperr.Unprocessable, "users.service_user", "A user without an e-mail address can't have a password.")
	ErrStays      = apperr.New(apperr.Unprocessable, "users.service_user", "A service user stays one, and a person keeps an e-mail address.").WithField("email", "must be empty for a service user, and for nobody else")
	ErrNotStaff   = apperr.New(apperr.Unprocessable, "users.admin_is_staff", "A global admin is staff, too; send is_superuser false as well.").WithField("is_staff", "must not be false for a global admin")
	ErrNoName     = apperr.New(apperr.Unprocessable, "users.blank_name", "A name must not be blank.")
	ErrRole       = apperr.New(apperr.Unprocessable, "users.unknown_role", "Roles on an organization are global_admin, application_admin and user; on a team, project or agent admin and member.")
	ErrNeedsID    = apperr.New(apperr.Unprocessable, "users.resource_id_missing", "Send resource_id: the id of the team, project or agent.")
	ErrGroups     = apperr.New(apperr.Unprocessable, "users.key_groups", "Groups belong to a key of scope restricted, which needs at least one.")
	ErrExpired    = apperr.New(apperr.Unprocessable, "users.key_expired", "expires_on must be in the future.").WithField("expires_on", "is not in the future")
	ErrOutlives   = apperr.New(apperr.Unprocessable, "users.key_outlives", "A key that is made with another key must not outlive it.").WithField("expires_on", "is after the end of the key that this request came with")
	ErrNotService = apperr.New(apperr.Unprocessable, "users.not_a_service_user", "Keys of other people are theirs to make; an admin makes those of service users.").WithField("user_id", "is not a service user")
	ErrWrongOld   = apperr.New(apperr.Unprocessable, "users.wrong_password", "old_password is not your password.").WithField("old_password", "is not your password")
	ErrOutranked  = apperr.New(apperr.Forbidden, "users.outranked", "Only a global admin manages global admins.")
	ErrPeer       = ErrOutranked.WithMessage("Global admins don't change each other; they can only delete each other.")
	ErrNotAdmin   = apperr.New(apperr.Forbidden, "users.not_admin", "Only admins manage other users.")
	ErrNotGlobal  = apperr.New(apperr.Forbidden, "users.not_global_admin", "Only a global admin changes the organization.")
	ErrOwnFlags   = apperr.New(apperr.Forbidden, "users.own_account", "Of your own account you change only the names; ask another admin for the rest.")
	ErrMayNot     = apperr.New(apperr.Forbidden, "users.not_resource_admin", "Only an admin of the resource manages the roles on it.")

	ErrEmailTaken  = apperr.New(apperr.Conflict, "users.email_taken", "This e-mail address is in use already.")
	ErrDomainTaken = apperr.New(apperr.Conflict, "users.domain_taken", "Another organization has this domain already.")
	ErrOwnAccount  = apperr.New(apperr.Conflict, "users.own_account", "You can't delete your own account; ask another admin.")
	ErrLastAdmin   = apperr.New(apperr.Conflict, "users.last_global_admin", "The organization needs a global admin; make another one first.")
	ErrHasRole     = apperr.New(apperr.Conflict, "users.has_permission", "The user has a role on this resource already; change that one.")
	ErrManyKeys    = apperr.New(apperr.Conflict, "users.too_many_keys", "A user has at most 100 API keys; delete one first.")

	ErrSignIn      = apperr.New(apperr.Unauthenticated, "users.wrong_credentials", "The e-mail address or the password is wrong.")
	ErrCredentials = apperr.New(apperr.Unauthenticated, "unauthenticated", "The credentials are not valid (any more); sign in again.")
	ErrTwoOrgs     = apperr.New(apperr.Unauthenticated, "unauthenticated", "The token and the API key belong to different organizations; send one of them.")
	ErrTooMany     = apperr.New(apperr.TooMany, "users.too_many_attempts", "Too many wrong passwords from your network; wait before you try again.")
	ErrBusy        = apperr.New(apperr.Unavailable, "users.busy", "Too many people sign in at this moment; try again in a few seconds.")
)
