// Package web is the only place that knows HTTP's machinery (gin) and the
// contract's manners: the envelope, the errors, the order of checks, limits,
// streams and the OpenAPI document.
//
// A module declares its operations as values: method, path, name, policy and
// a typed handler
//
//	web.DELETE("/api/user/batch", "Batch Delete Users", a.batchDelete,
//		web.GlobalAdmin(), web.Message("Users deleted successfully."))
//
// where the handler is func(ctx, Request) (Answer, error). The request type
// says what may be sent: fields tagged path or query, a field named Body
// (JSON), Form (urlencoded) or Upload (multipart). Its schema, made once by
// huma, validates requests and describes them in OpenAPI, so the two can't
// differ. A route without a policy stops the start.
//
// Checks run in the contract's order: credentials (401), shape (400, 413,
// 415, 422), then in the handler there and visible (404), allowed (403),
// state (409).
package web
