// Package httpv1 is the notifications module's part of the V1 API.
package httpv1

import (
	"context"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	return web.Group("Notification",
		web.GET("/api/notification", "Get Notifications", a.list,
			web.User().Note("one's own"),
			web.Message("Notifications retrieved successfully."),
		),
		web.GET("/api/notification/stream", "Follow Notifications", a.stream,
			web.User().Note("one's own"),
			web.Refuses(429),
			web.Streams[eventView](),
			web.Long(),
		),
		web.PUT("/api/notification/read", "Read All Notifications", a.readAll,
			web.User().Note("one's own"),
			web.Message("Notifications read successfully."),
		),
		web.GET("/api/notification/preference", "Get Notification Preference", a.preference,
			web.User().Note("one's own"),
			web.Message("Notification preference retrieved successfully."),
		),
		web.PUT("/api/notification/preference", "Update Notification Preference", a.prefer,
			web.User().Note("one's own"),
			web.Message("Notification preference updated successfully."),
		),
		web.POST(core.UnsubscribePath, "Unsubscribe From Mail", a.unsubscribe,
			web.Anyone("the token of a mail is the proof"),
			web.IdempotentByHandler(),
			web.AnyBody(),
			web.Message("Done: no more of these by e-mail."),
		),
		web.PUT("/api/notification/{notification_id}/read", "Read Notification By ID", a.read,
			web.On(actor.Notification, "notification_id", web.Edit),
			web.Message("Notification read successfully."),
		),
		web.POST("/api/notification/user/{user_id}", "Send Notification To User", a.send,
			web.On(actor.Account, "user_id", web.Run).Note("admins of the organization, or of a team, project or agent that the user belongs to"),
			web.Message("Notification sent successfully."),
			web.Refuses(409, 429),
			web.Created(),
		),
	)
}

// notificationView is a notification as the API shows it.
type notificationView struct {
	ID        int64     `json:"id"`
	User      int64     `json:"user"`
	Title     string    `json:"title"`
	Message   string    `json:"message" doc:"Plain text."`
	Kind      string    `json:"kind"`
	Link      *string   `json:"link" doc:"A path of this server."`
	IsRead    bool      `json:"is_read"`
	ReadOn    *web.Time `json:"read_on"`
	CreatedBy string    `json:"created_by" doc:"E-mail address of who sent it, or System."`
	CreatedOn web.Time  `json:"created_on"`
}

func show(n core.Notification) notificationView {
	return notificationView{
		ID: n.ID, User: n.UserID, Title: n.Title, Message: n.Message, Kind: n.Kind, Link: n.Link,
		IsRead: n.IsRead, ReadOn: web.AtOrNil(n.ReadOn), CreatedBy: n.CreatedBy, CreatedOn: web.At(n.CreatedOn),
	}
}

// inboxMeta is what an inbox says about itself.
type inboxMeta struct {
	web.Meta
	Unread         int64 `json:"unread" doc:"How many of all one's notifications are unread, whatever the page and the filter."`
	SequenceNumber int64 `json:"sequence_number" doc:"What a stream starts after that is to miss nothing behind this list."`
}

type listRequest struct {
	web.ListQuery
	IsRead *bool `query:"is_read"`
}

func (a *API) list(ctx context.Context, r listRequest) (web.WithMeta[[]notificationView, inboxMeta], error) {
	inbox, err := a.service.Inbox(ctx, actor.From(ctx), r.IsRead, r.Request())
	if err != nil {
		return web.WithMeta[[]notificationView, inboxMeta]{}, err
	}
	listed := web.Listed(inbox.Of, show)
	meta := inboxMeta{Meta: listed.Meta, Unread: inbox.Unread, SequenceNumber: inbox.LastSequence}
	return web.WithMeta[[]notificationView, inboxMeta]{Data: listed.Items, Meta: &meta}, nil
}

type readRequest struct {
	NotificationID int64 `path:"notification_id"`
}

func (a *API) read(ctx context.Context, r readRequest) (notificationView, error) {
	n, err := a.service.Read(ctx, actor.From(ctx), r.NotificationID)
	return show(n), err
}

// allRead is what reading all of an inbox did.
type allRead struct {
	_ struct{} `schema:"NotificationsRead"`

	Read int64 `json:"read" doc:"How many were unread until now."`
}

func (a *API) readAll(ctx context.Context, _ struct{}) (allRead, error) {
	n, err := a.service.ReadAll(ctx, actor.From(ctx))
	return allRead{Read: n}, err
}
