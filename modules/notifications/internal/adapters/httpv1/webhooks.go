package httpv1

import (
	"context"
	"unicode/utf8"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// Webhooks has the handlers of webhooks.
type Webhooks struct{ service *core.Webhooks }

// NewWebhooks returns the handlers over the use cases.
func NewWebhooks(s *core.Webhooks) *Webhooks { return &Webhooks{service: s} }

// Routes are the operations of webhooks.
func (a *Webhooks) Routes() []web.Route {
	return web.Group("Webhook",
		web.GET("/api/webhook", "Get Webhooks", a.list,
			web.GlobalAdmin().Lists(actor.Webhook),
			web.Message("Webhooks retrieved successfully."),
		),
		web.POST("/api/webhook", "Create Webhook", a.create,
			web.GlobalAdmin().UnrestrictedKeyOnly(),
			web.Message("Webhook created successfully."),
			web.Created(),
		),
		web.GET("/api/webhook/{webhook_id}", "Get Webhook By ID", a.get,
			web.On(actor.Webhook, "webhook_id", web.View),
			web.Message("Webhook retrieved successfully."),
		),
		web.PUT("/api/webhook/{webhook_id}", "Edit Webhook", a.edit,
			web.On(actor.Webhook, "webhook_id", web.Edit).UnrestrictedKeyOnlyFor("url"),
			web.Message("Webhook updated successfully."),
		),
		web.DELETE("/api/webhook/{webhook_id}", "Delete Webhook", a.remove,
			web.On(actor.Webhook, "webhook_id", web.Delete),
			web.Message("Webhook deleted successfully."),
		),
		web.POST("/api/webhook/{webhook_id}/secret", "Rotate Webhook Secret", a.rotate,
			web.On(actor.Webhook, "webhook_id", web.Manage).UnrestrictedKeyOnly(),
			web.Message("Webhook secret rotated successfully."),
			web.Created(),
		),
		web.POST("/api/webhook/{webhook_id}/test", "Test Webhook", a.test,
			web.On(actor.Webhook, "webhook_id", web.Edit),
			web.Message("Test message sent."),
			web.Created(),
			web.Refuses(429),
		),
		web.GET("/api/webhook/{webhook_id}/delivery", "Get Webhook Deliveries", a.deliveries,
			web.On(actor.Webhook, "webhook_id", web.View),
			web.Message("Deliveries retrieved successfully."),
		),
		web.POST("/api/webhook/{webhook_id}/delivery/{delivery_id}/replay", "Replay Webhook Delivery", a.replay,
			web.On(actor.Webhook, "webhook_id", web.Edit).Note("a delivery of the webhook"),
			web.Message("Delivery replayed successfully."),
			web.Created(),
		),
	)
}

// webhookView is a webhook as the API shows it.
type webhookView struct {
	ID                 int64     `json:"id"`
	URL                string    `json:"url"`
	Kinds              []string  `json:"kinds" doc:"Names of events, in the order of the alphabet."`
	IsEnabled          bool      `json:"is_enabled"`
	DisabledOn         *web.Time `json:"disabled_on"`
	DisabledReason     string    `json:"disabled_reason"`
	OldSecretExpiresOn *web.Time `json:"old_secret_expires_on" doc:"Until when the secret before the last rotation signs, too."`
	PendingCount       int64     `json:"pending_count" doc:"Deliveries that are neither delivered nor given up."`
	web.Audit
}

func showWebhook(w core.Webhook) webhookView {
	return webhookView{
		ID: w.ID, URL: w.URL, Kinds: w.Kinds, IsEnabled: w.IsEnabled, DisabledOn: web.AtOrNil(w.DisabledOn), DisabledReason: w.DisabledReason,
		OldSecretExpiresOn: web.AtOrNil(w.OldSecretUntil), PendingCount: w.Pending, Audit: web.ShowAudit(w.Audit),
	}
}

// newWebhookView has the secret, once.
type newWebhookView struct {
	_ struct{} `schema:"NewWebhook"`

	webhookView
	Secret string `json:"secret,omitempty" doc:"Verifies signatures as Standard Webhooks says. It can't be shown again; the answer to a repeated request is without it."`
}

// WithoutSecrets implements web.ShownOnce.
func (v newWebhookView) WithoutSecrets() any { return v.webhookView }

// maxShown is how much of a message the delivery log shows, in bytes.
const maxShown = 4 << 10

// deliveryView is an entry of a delivery log.
type deliveryView struct {
	_ struct{} `schema:"WebhookDelivery"`

	ID           int64        `json:"id"`
	Webhook      int64        `json:"webhook"`
	EventID      string       `json:"event_id" doc:"The webhook-id of every attempt, and the id of the event."`
	Kind         string       `json:"kind"`
	Subject      string       `json:"subject" doc:"What is kept in order."`
	State        string       `json:"state" enum:"ready,waiting,delivered,failed" doc:"waiting: an earlier delivery about the subject comes first. failed: it is not tried again."`
	AttemptCount int64        `json:"attempt_count"`
	LastTriedOn  *web.Time    `json:"last_tried_on"`
	NextTryOn    *web.Time    `json:"next_try_on"`
	DurationMS   int64        `json:"duration_ms" doc:"Of the last attempt."`
	Error        string       `json:"error" doc:"Why the last attempt failed; empty when it did not."`
	Request      requestShown `json:"request"`
	Response     *answerShown `json:"response" doc:"What the receiver answered last; null when it did not."`
	ReplayOf     *int64       `json:"replay_of"`
	CreatedOn    web.Time     `json:"created_on"`
}

// requestShown is what was sent.
type requestShown struct {
	_ struct{} `schema:"WebhookRequest"`

	Body string `json:"body" doc:"The CloudEvent; at most its first 4096 bytes."`
}

// answerShown is what was answered.
type answerShown struct {
	_ struct{} `schema:"WebhookResponse"`

	Status int64  `json:"status"`
	Body   string `json:"body" doc:"At most its first 4096 bytes."`
}

func showDelivery(d core.Delivery) deliveryView {
	v := deliveryView{
		ID:           d.ID,
		Webhook:      d.WebhookID,
		EventID:      d.EventID,
		Kind:         d.Kind,
		Subject:      d.Subject,
		State:        string(d.State),
		AttemptCount: d.Attempts,
		LastTriedOn:  web.AtOrNil(d.LastTriedOn),
		DurationMS:   d.DurationMS,
		Error:        d.Error,
		Request:      requestShown{Body: beginning(d.Body)},
		CreatedOn:    web.At(d.CreatedOn),
	}
	if d.State == core.DeliveryReady {
		v.NextTryOn = web.AtOrNil(&d.DueOn)
	}
	if d.Status != 0 {
		v.Response = &answerShown{Status: d.Status, Body: d.Answer}
	}
	if d.ReplayOf != 0 {
		v.ReplayOf = &d.ReplayOf
	}
	return v
}

func beginning(text string) string {
	if len(text) <= maxShown {
		return text
	}
	cut := maxShown
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

type webhooksRequest struct{ web.ListQuery }

func (a *Webhooks) list(ctx context.Context, r webhooksRequest) (web.List[webhookView], error) {
	found, err := a.service.List(ctx, actor.From(ctx), r.Request())
	if err != nil {
		return web.List[webhookView]{}, err
	}
	return web.Listed(found, showWebhook), nil
}

type createWebhookRequest struct {
	Body struct {
		URL   string   `json:"url" minLength:"1" maxLength:"2000" doc:"https, and an address that is public. It is called with POST."`
		Kinds []string `json:"kinds" minItems:"1" maxItems:"200" doc:"Names of events, such as chat.run_completed.v1."`
	}
}

func (a *Webhooks) create(ctx context.Context, r createWebhookRequest) (newWebhookView, error) {
	secret, hook, err := a.service.Create(ctx, actor.From(ctx), r.Body.URL, r.Body.Kinds)
	if err != nil {
		return newWebhookView{}, err
	}
	return newWebhookView{webhookView: showWebhook(hook), Secret: secret}, nil
}

type webhookRequest struct {
	WebhookID int64 `path:"webhook_id"`
}

func (a *Webhooks) get(ctx context.Context, r webhookRequest) (webhookView, error) {
	hook, err := a.service.Get(ctx, actor.From(ctx), r.WebhookID)
	return showWebhook(hook), err
}

type editWebhookRequest struct {
	WebhookID int64 `path:"webhook_id"`
	Body      struct {
		URL       *string  `json:"url,omitempty" minLength:"1" maxLength:"2000"`
		Kinds     []string `json:"kinds,omitempty" minItems:"1" maxItems:"200"`
		IsEnabled *bool    `json:"is_enabled,omitempty" doc:"Deliveries that were given up while it was off are sent by replays alone."`
	}
}

func (a *Webhooks) edit(ctx context.Context, r editWebhookRequest) (webhookView, error) {
	hook, err := a.service.Edit(ctx, actor.From(ctx), r.WebhookID, core.WebhookChange{URL: r.Body.URL, Kinds: r.Body.Kinds, IsEnabled: r.Body.IsEnabled})
	return showWebhook(hook), err
}

func (a *Webhooks) remove(ctx context.Context, r webhookRequest) (webhookView, error) {
	hook, err := a.service.Delete(ctx, actor.From(ctx), r.WebhookID)
	return showWebhook(hook), err
}

func (a *Webhooks) rotate(ctx context.Context, r webhookRequest) (newWebhookView, error) {
	secret, hook, err := a.service.Rotate(ctx, actor.From(ctx), r.WebhookID)
	if err != nil {
		return newWebhookView{}, err
	}
	return newWebhookView{webhookView: showWebhook(hook), Secret: secret}, nil
}

func (a *Webhooks) test(ctx context.Context, r webhookRequest) (deliveryView, error) {
	d, err := a.service.Test(ctx, actor.From(ctx), r.WebhookID)
	return showDelivery(d), err
}

type deliveriesRequest struct {
	WebhookID int64 `path:"webhook_id"`
	web.ListQuery
}

func (a *Webhooks) deliveries(ctx context.Context, r deliveriesRequest) (web.List[deliveryView], error) {
	found, err := a.service.Deliveries(ctx, actor.From(ctx), r.WebhookID, r.Request())
	if err != nil {
		return web.List[deliveryView]{}, err
	}
	return web.Listed(found, showDelivery), nil
}

type replayRequest struct {
	WebhookID  int64 `path:"webhook_id"`
	DeliveryID int64 `path:"delivery_id"`
}

func (a *Webhooks) replay(ctx context.Context, r replayRequest) (deliveryView, error) {
	d, err := a.service.Replay(ctx, actor.From(ctx), r.WebhookID, r.DeliveryID)
	return showDelivery(d), err
}
