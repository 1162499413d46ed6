package core

import (
	"parley/modules/users"
	"parley/platform/kernel/apperr"
)

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound     = users.ErrNotFound
	ErrUnknownUsers = ErrNotFound.WithMessage("At least one of these users does not exist in your organization.")
	ErrNoOrg        = apperr.New(apperr.NotFound, "users.organization_not_found", "The organization does not exist, or you may not view it.")
	ErrNoPermission = apperr.New(apperr.NotFound, "users.permission_not_found", "The permission does not exist, or you may not view it.")
	ErrNoResource   = apperr.New(apperr.NotFound, "users.resource_not_found", "The team, project or agent does not exist, or you may not view it.")
	ErrNoKey        = apperr.New(apperr.NotFound, "users.key_not_found", "The API key does not exist, or you may not view it.")

	ErrEmail = apperr.New(apperr.Unprocessable, "users.invalid_email", "The e-mail address is not valid.").
			WithField("email", "is not a valid e-mail address")
	ErrPassword = apperr.New(apperr.Unprocessable, "users.weak_password", "A password must have 8 to 256 characters.")
	ErrService  = apperr.New(apperr.Unprocessable, "users.service_user", "A user without an e-mail address can't have a password.")
	ErrStays    = apperr.New(apperr.Unprocessable, "users.service_user", "A service user cannot get an e-mail address, and a person must keep one.").
			WithField("email", "must be empty for a service user, and for nobody else")
	ErrNotStaff = apperr.New(apperr.Unprocessable, "users.admin_is_staff", "A global admin is always staff; send is_superuser false as well.").
			WithField("is_staff", "must not be false for a global admin")
	ErrNoName = apperr.New(apperr.Unprocessable, "users.blank_name", "A name must not be empty.")
	ErrRole   = apperr.New(apperr.Unprocessable, "users.unknown_role",
		"The role does not exist. Roles on an organization are global_admin, application_admin and user; on a team, project or agent they are admin and member.")
	ErrNeedsID = apperr.New(apperr.Unprocessable, "users.resource_id_missing", "Send resource_id: the id of the team, project or agent.")
	ErrGroups  = apperr.New(apperr.Unprocessable, "users.key_groups",
		"An API key of scope restricted needs at least one group; keys of other scopes have none.")
	ErrExpired  = apperr.New(apperr.Unprocessable, "users.key_expired", "expires_on must be in the future.").WithField("expires_on", "is not in the future")
	ErrOutlives = apperr.New(apperr.Unprocessable, "users.key_outlives", "A key that is created with another key must not expire after it.").
			WithField("expires_on", "is after the end of the key that this request came with")
	ErrNotService = apperr.New(apperr.Unprocessable, "users.not_a_service_user",
		"Only the user can create their API keys; an admin creates those of service users.").WithField("user_id", "is not a service user")
	ErrWrongOld = apperr.New(apperr.Unprocessable, "users.wrong_password", "old_password is not your password.").
			WithField("old_password", "is not your password")
	ErrToken = apperr.New(apperr.Unprocessable, "users.invalid_token",
		"The token is not valid: it was used, or has expired, or the account has changed; ask for another one.").WithField("token", "is not valid")
	ErrWrongChosen = apperr.New(apperr.Unprocessable, "users.wrong_password", "password is not the one that you signed up with.").
			WithField("password", "is not the one that you signed up with")
	ErrSignUpDomain = apperr.New(apperr.Unprocessable, "users.sign_up_domain",
		"Nobody signs up with an address of this domain; ask an admin to create a user for you.").WithField("email", "is not of a domain that is open to sign-up")
	ErrOutranked = apperr.New(apperr.Forbidden, "users.outranked", "Only a global admin manages global admins.")
	ErrPeer      = ErrOutranked.WithMessage("A global admin cannot change another global admin, only delete them.")
	ErrNotAdmin  = apperr.New(apperr.Forbidden, "users.not_admin", "Only admins manage other users.")
	ErrNotGlobal = apperr.New(apperr.Forbidden, "users.not_global_admin", "Only a global admin changes the organization.")
	ErrOwnFlags  = apperr.New(apperr.Forbidden, "users.own_account", "You can change only the names of your own account; ask another admin to change the rest.")
	ErrMayNot    = apperr.New(apperr.Forbidden, "users.not_resource_admin", "Only an admin of the resource manages the roles on it.")

	ErrEmailTaken   = apperr.New(apperr.Conflict, "users.email_taken", "This e-mail address is already in use; choose another one.")
	ErrDomainTaken  = apperr.New(apperr.Conflict, "users.domain_taken", "Another organization already has this domain.")
	ErrOwnAccount   = apperr.New(apperr.Conflict, "users.own_account", "You can't delete your own account; ask another admin.")
	ErrLastAdmin    = apperr.New(apperr.Conflict, "users.last_global_admin", "The organization needs a global admin; create another one first.")
	ErrHasRole      = apperr.New(apperr.Conflict, "users.has_permission", "The user already has a role on this resource; change that role.")
	ErrMailOff      = apperr.New(apperr.Conflict, "users.mail_off", "This server sends no e-mail, so it can't do that; ask its operator.")
	ErrSignUpOff    = apperr.New(apperr.Conflict, "users.sign_up_off", "Sign-up is off on this server; ask an admin to create a user for you.")
	ErrNoInvitation = apperr.New(apperr.Conflict, "users.not_invitable", "Only an active user with an e-mail address and without a password can be invited.")
	ErrManyKeys     = apperr.New(apperr.Conflict, "users.too_many_keys", "A user has at most 100 API keys; delete one first.")

	ErrSignIn      = apperr.New(apperr.Unauthenticated, "users.wrong_credentials", "The e-mail address or the password is wrong.")
	ErrCredentials = apperr.New(apperr.Unauthenticated, "unauthenticated", "The credentials are invalid or have expired; sign in again.")
	ErrTwoOrgs     = apperr.New(apperr.Unauthenticated, "unauthenticated", "The token and the API key belong to different organizations; send one of them.")
	ErrTooMany     = apperr.New(apperr.TooMany, "users.too_many_attempts", "Too many wrong passwords or requests from your network; wait before you try again.")
	ErrManyMails   = apperr.New(apperr.TooMany, "users.too_many_mails",
		"Several mails went to this address within the last hour; wait before you send another one.")
	ErrBusy = apperr.New(apperr.Unavailable, "users.busy", "Too many users are signing in; try again in a few seconds.")
)
