package core

import "parley/platform/kernel/apperr"

// ErrNotFound answers an id that is nobody's or another's. Its code is a
// promise to clients.
var ErrNotFound = apperr.New(apperr.NotFound, "notifications.not_found", "The notification does not exist, or you may not view it.")

// What preferences refuse.
var (
	ErrKind  = apperr.New(apperr.Unprocessable, "notifications.unknown_kind", "This kind of notification does not exist.")
	ErrStays = apperr.New(apperr.Unprocessable, "notifications.kind_stays", "Notifications of this kind can't be muted.")
	ErrMail  = apperr.New(apperr.Unprocessable, "notifications.unknown_mail", "Mail is sent off, at_once or digest.")
)

// ErrUnsubscribe answers a token that is of no mail of this server.
var ErrUnsubscribe = apperr.New(
	apperr.Unprocessable,
	"notifications.invalid_token",
	"The link is not from a mail of this server, or was changed; change what you get by e-mail in your notification preference.",
)

// What sending refuses.
var (
	ErrReserved = apperr.New(apperr.Unprocessable, "notifications.reserved_kind", "Only the server sends notifications of this kind; choose another one.")
	ErrLink     = apperr.New(apperr.Unprocessable, "notifications.bad_link", "A link is a path of this server that begins with one slash, such as /api/agent/7.")
	ErrText     = apperr.New(
		apperr.Unprocessable,
		"notifications.bad_text",
		"Send plain text that is not empty and has no control characters; the title is one line.",
	)
	ErrNotSender = apperr.New(
		apperr.Forbidden,
		"notifications.not_sender",
		"Only an admin of the organization, or of a team, project or agent that the user belongs to, may send a notification.",
	)
	ErrMuted   = apperr.New(apperr.Conflict, "notifications.muted", "The user has muted messages; nothing was sent.")
	ErrTooMany = apperr.New(
		apperr.TooMany,
		"notifications.too_many",
		"You have sent this user 20 notifications within an hour; wait before you send another one.",
	)
)

// ErrStreams answers one stream too many.
var ErrStreams = apperr.New(apperr.TooMany, "notifications.too_many_streams", "You follow your notifications on too many connections; close one of them.")
