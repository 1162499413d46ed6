package web_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
	"parley/platform/web"
	"parley/platform/webtest"
)

// The operations that the tests call: one of each form.

type thingRequest struct {
	ThingID int64 `path:"thing_id"`
	Body    struct {
		Name   string   `json:"name" minLength:"1" maxLength:"20"`
		IDs    []int64  `json:"ids,omitempty" minItems:"1" maxItems:"3"`
		Note   *string  `json:"note,omitempty" enum:"a,b"`
		Parts  []part   `json:"parts,omitempty"`
		Ratio  float64  `json:"ratio,omitempty"`
		Tagged []string `json:"tagged,omitempty"`
	}
}

type part struct {
	Name string `json:"name"`
}

type thingView struct {
	ID     int64     `json:"id"`
	Name   string    `json:"name"`
	MadeOn web.Time  `json:"made_on"`
	GoneOn *web.Time `json:"gone_on"`
}

func (r thingRequest) view() thingView {
	return thingView{ID: r.ThingID, Name: r.Body.Name, MadeOn: web.At(time.Date(2024, 10, 2, 2, 2, 24, 378434999, time.FixedZone("", 7200)))}
}

func putThing(_ context.Context, r thingRequest) (thingView, error) { return r.view(), nil }

type idRequest struct {
	ThingID int64 `path:"thing_id"`
}

func getThing(ctx context.Context, r idRequest) (thingView, error) {
	switch r.ThingID {
	case 404:
		return thingView{}, apperr.New(apperr.NotFound, "things.not_found", "There is no such thing.")
	case 409:
		return thingView{}, apperr.New(apperr.Conflict, "things.busy", "The thing is busy.").WithField("thing_id", "is busy")
	case 429:
		return thingView{}, apperr.New(apperr.TooMany, "things.too_many", "Wait.").After(1500 * time.Millisecond)
	case 500:
		return thingView{}, errors.New("secret: connection refused")
	case 501:
		panic("secret: nil map")
	case 503:
		return thingView{}, apperr.New(apperr.Unavailable, "things.failed", "The model failed.").At("/api/thing/7")
	case 504:
		<-ctx.Done()
		return thingView{}, ctx.Err()
	}
	return thingView{ID: r.ThingID, Name: actor.From(ctx).Email}, nil
}

type listRequest struct {
	web.ListQuery
	Text  string     `query:"text" maxLength:"10"`
	Since *time.Time `query:"since"`
	Live  *bool      `query:"live"`
	Kind  string     `query:"kind" enum:"big,small"`
}

func listThings(_ context.Context, r listRequest) (web.List[thingView], error) {
	p := page.Of[int64]{Items: []int64{1, 2}, Count: 5, NextCursor: "abc", Request: r.Request()}
	if r.Text == "none" {
		p = page.Of[int64]{Request: r.Request()}
	}
	return web.Listed(p, func(id int64) thingView { return thingView{ID: id} }), nil
}

type metaView struct {
	NotFound []int64 `json:"not_found_ids"`
}

type nothing struct{}

type batchRequest struct {
	Body struct {
		IDs []int64 `json:"ids" minItems:"1" maxItems:"1000"`
	}
}

func batch(_ context.Context, r batchRequest) (web.WithMeta[[]int64, metaView], error) {
	a := web.WithMeta[[]int64, metaView]{Data: r.Body.IDs}
	if r.Body.IDs[0] == 99 {
		a.Meta = &metaView{NotFound: []int64{99}}
	}
	return a, nil
}

func noThings(context.Context, nothing) ([]thingView, error) { return nil, nil }

type formRequest struct {
	Form struct {
		Username string `form:"username" required:"true" maxLength:"10"`
		Scope    string `form:"scope"`
	}
}

func form(_ context.Context, r formRequest) (map[string]string, error) {
	return map[string]string{"user": r.Form.Username}, nil
}

type uploadRequest struct {
	ThingID int64 `path:"thing_id"`
	Upload  web.Multipart[struct {
		Title string `json:"title" maxLength:"20"`
		File  []byte `json:"file"`
	}]
}

func upload(_ context.Context, r uploadRequest) ([]string, error) {
	out := []string{}
	err := r.Upload.Each(func(p web.Part) error {
		raw, err := io.ReadAll(p)
		out = append(out, p.Name+" "+p.FileName+" "+p.Type+" "+string(raw))
		return err
	})
	return out, err
}

func download(context.Context, idRequest) (web.Download, error) {
	return web.Download{Name: "<b>ü.html", Type: "text/html", Size: 4, Body: io.NopCloser(strings.NewReader("<b/>"))}, nil
}

func whole(context.Context, nothing) (thingView, error) { return thingView{Name: "all"}, nil }

func things() []web.Route {
	return web.Group("Thing",
		web.GET("/api/thing", "List Things", listThings, web.User()),
		web.POST("/api/thing", "Create Things", batch, web.User(), web.Created(), web.Message("Made.")),
		web.GET("/api/thing/all", "Get All", whole, web.User()),
		web.GET("/api/thing/none", "Get None", noThings, web.User()),
		web.GET("/api/thing/{thing_id}", "Get Thing", getThing, web.User(), web.Refuses(409, 429)),
		web.PUT("/api/thing/{thing_id}", "Edit Thing", putThing, web.ApplicationAdmin()),
		web.DELETE("/api/thing/{thing_id}", "Delete Thing", getThing, web.GlobalAdmin()),
		web.DELETE("/api/thing/batch", "Delete Things", batch, web.User()),
		web.POST("/api/thing/{thing_id}/touch", "Touch Thing", getThing, web.On("thing", "thing_id", web.Edit)),
		web.POST("/api/thing/{thing_id}/file", "Upload", upload, web.User()),
		web.GET("/api/thing/{thing_id}/file", "Download", download, web.User()),
		web.POST("/api/login", "Sign In", form, web.Anyone("signing in"), web.Flat()),
	)
}

var people = webtest.Actors{
	"user":  {UserID: 1, OrganizationID: 1, Email: "user@example.com"},
	"staff": {UserID: 2, OrganizationID: 1, Email: "staff@example.com", Level: actor.ApplicationAdmin},
	"admin": {UserID: 3, OrganizationID: 1, Email: "admin@example.com", Level: actor.GlobalAdmin},
}

func api(t *testing.T) webtest.Client { return webtest.Serve(t, people, things()) }
