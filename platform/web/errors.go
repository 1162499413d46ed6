package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"

	"github.com/gin-gonic/gin"
)

// The errors that belong to HTTP rather than to a module.
var (
	ErrNotFound        = apperr.New(apperr.NotFound, "not_found", "There is nothing here, or nothing that you may view.")
	ErrMethod          = apperr.New(apperr.Malformed, "method_not_allowed", "This path does not take that method.")
	ErrUnauthenticated = apperr.New(apperr.Unauthenticated, "unauthenticated", "Send a valid access token as \"Authorization: Bearer …\" or sign in again.")
	ErrForbidden       = apperr.New(apperr.Forbidden, "forbidden", "Your role does not allow this.")
	ErrMalformed       = apperr.New(apperr.Malformed, "malformed_request", "The request does not have the shape of this operation.")
	ErrUnacceptable    = apperr.New(apperr.Unprocessable, "unacceptable_value", "Some values can't be accepted.")
	ErrTooLarge        = apperr.New(apperr.TooLarge, "request_too_large", "The request is larger than this operation takes.")
	ErrContentType     = apperr.New(apperr.UnsupportedType, "unsupported_media_type", "Send the body as application/json.")
	ErrInternal        = apperr.New(apperr.Internal, "internal_error", "Something went wrong on the server; the request id finds it in the log.")
	ErrTimeout         = apperr.New(apperr.Unavailable, "timeout", "The server took too long; try again.").After(2 * time.Second)
	ErrStorage         = apperr.New(apperr.Unavailable, "storage_unavailable",
		"The server can't read or store anything at the moment; try again.").After(5 * time.Second)
	// ErrUnknown has no Retry-After: who repeats at once may do it twice.
	ErrUnknown = apperr.New(
		apperr.Unavailable,
		"outcome_unknown",
		"The database broke off while it stored this, so it may be stored or not; look before you send it again. What is sent with an Idempotency-Key can be repeated with it and is done once at most.",
	)
)

var statuses = map[apperr.Kind]int{
	apperr.Internal:        http.StatusInternalServerError,
	apperr.Unauthenticated: http.StatusUnauthorized,
	apperr.Malformed:       http.StatusBadRequest,
	apperr.TooLarge:        http.StatusRequestEntityTooLarge,
	apperr.UnsupportedType: http.StatusUnsupportedMediaType,
	apperr.Unprocessable:   http.StatusUnprocessableEntity,
	apperr.NotFound:        http.StatusNotFound,
	apperr.Forbidden:       http.StatusForbidden,
	apperr.Conflict:        http.StatusConflict,
	apperr.TooMany:         http.StatusTooManyRequests,
	apperr.Unavailable:     http.StatusServiceUnavailable,
}

// status is the HTTP status of an error.
func status(e *apperr.Error) int {
	if errors.Is(e, ErrMethod) {
		return http.StatusMethodNotAllowed
	}
	return statuses[e.Kind]
}

// explain turns any error into the one that is shown. What the caller can't
// act on is logged here, at the edge, and shown without its inside.
func (s *Server) explain(ctx context.Context, err error) *apperr.Error {
	log := s.config.Log
	var e *apperr.Error
	switch {
	case errors.Is(err, uow.ErrUnknown): // whatever else went wrong: nobody may take it for not done
		log.ErrorContext(ctx, "it is not known whether a request's changes were committed", "error", err)
		return ErrUnknown
	case errors.As(err, &e) && e.Kind != apperr.Internal:
		if e.Kind != apperr.Unavailable {
			return e
		}
		if silent, again := s.told.again(e.Code); again {
			log.WarnContext(ctx, "the server refused a request that it can't serve now", "error", err, "not_logged", silent)
		}
		return e
	case errors.Is(err, context.DeadlineExceeded):
		log.WarnContext(ctx, "request timed out", "error", err)
		return ErrTimeout
	case errors.Is(err, context.Canceled):
		// The client went away; nobody reads this answer.
		return ErrTimeout
	}
	if s.config.Unavailable != nil && s.config.Unavailable(err) {
		log.ErrorContext(ctx, "the storage is unavailable", "error", err)
		return ErrStorage
	}
	log.ErrorContext(ctx, "request failed", "error", err)
	return ErrInternal
}

// fail answers an error in the one form that errors have.
func (s *Server) fail(g *gin.Context, err error) {
	e := s.explain(g.Request.Context(), tooLarge(err, s.config.MaxUpload))
	if e.RetryAfter > 0 {
		g.Header("Retry-After", fmt.Sprint(int64((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Location != "" {
		g.Header("Location", e.Location)
	}
	if e.Kind == apperr.Unauthenticated {
		g.Header("WWW-Authenticate", "Bearer")
	}
	if e.Kind == apperr.TooLarge || e == errSlowBody || e == errBrokenBody || e == ErrBusy {
		// The rest of the body is not read, so the connection can't be reused.
		g.Header("Connection", "close")
	}
	fields := e.Fields
	if fields == nil {
		fields = []apperr.Field{}
	}
	g.AbortWithStatusJSON(status(e), failure{Message: e.Message, Detail: e.Message, Code: e.Code, Errors: fields, RequestID: RequestID(g.Request.Context())})
}

func tooLarge(err error, limit int64) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return ErrTooLarge.WithMessage(fmt.Sprintf("The request is larger than %d bytes, which is the most this operation takes.", min(limit, over.Limit)))
	}
	return err
}
