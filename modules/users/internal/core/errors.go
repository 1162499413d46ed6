package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound     = apperr.New(apperr.NotFound, "users.not_found", "There is no such user, or none that you may see.")
	ErrUnknownUsers = apperr.New(apperr.NotFound, "users.not_found", "At least one of these users does not exist in your organization.")
	ErrNoOrg        = apperr.New(apperr.NotFound, "users.organization_not_found", "There is no such organization, or none that you may see.")
	ErrEmailTaken   = apperr.New(apperr.Conflict, "users.email_taken", "This e-mail address is in use already.")
	ErrDomainTaken  = apperr.New(apperr.Conflict, "users.domain_taken", "Another organization has this domain already.")
	ErrEmail        = apperr.New(apperr.Unprocessable, "users.invalid_email", "The e-mail address is not one that mail can be sent to.")
	ErrPassword     = apperr.New(apperr.Unprocessable, "users.weak_password", "A password has at least 8 and at most 256 characters.")
	ErrService      = apperr.New(apperr.Unprocessable, "users.service_user", "A user without an e-mail address can't have a password.")
	ErrOutranked    = apperr.New(apperr.Forbidden, "users.outranked", "Only a global admin manages global admins.")
	ErrOwnAccount   = apperr.New(apperr.Conflict, "users.own_account", "You can't delete your own account; ask another admin.")
	ErrLastAdmin    = apperr.New(apperr.Conflict, "users.last_global_admin", "The organization needs a global admin; make another one first.")
	ErrSignIn       = apperr.New(apperr.Unauthenticated, "users.wrong_credentials", "The e-mail address or the password is wrong.")
	ErrCredentials  = apperr.New(apperr.Unauthenticated, "unauthenticated", "The credentials are not valid (any more); sign in again.")
	ErrNoAPIKeys    = apperr.New(apperr.Unauthenticated, "unauthenticated", "API keys are not accepted; send an access token as \"Authorization: Bearer …\".")
)
