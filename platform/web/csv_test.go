package web_test

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/web"
	"parley/platform/webtest"
)

type figuresOf struct {
	Count int64    `json:"count"`
	Share *float64 `json:"share"`
}

type rowView struct {
	ID   int64   `json:"id"`
	Name *string `json:"name"`
	figuresOf
	On   web.Time `json:"on"`
	Open bool     `json:"open"`
}

type rowsRequest struct {
	Name string `query:"name" maxLength:"100"`
}

func rows(_ context.Context, r rowsRequest) ([]rowView, error) {
	half := 0.5
	switch r.Name {
	case "none":
		return nil, nil
	case "refused":
		return nil, apperr.New(apperr.Unprocessable, "rows.refused", "There are no rows.")
	}
	return []rowView{{ID: 1, Name: &r.Name, figuresOf: figuresOf{3, &half}, Open: true}, {ID: 2, figuresOf: figuresOf{Count: -4}}}, nil
}

func oneRow(context.Context, nothing) (rowView, error) { return rowView{ID: 7}, nil }

func csvClient(t *testing.T) webtest.Client {
	return webtest.Serve(t, webtest.Actors{"ada": {UserID: 1, Level: actor.GlobalAdmin}},
		[]web.Route{web.GET("/api/row/all", "Get Rows", rows, web.User(), web.CSV()), web.GET("/api/row/one", "Get Row", oneRow, web.User(), web.CSV())}).As("ada")
}

func TestRowsAreAnsweredAsCSVToThoseWhoPreferIt(t *testing.T) {
	client := csvClient(t).With("Accept", "text/csv")
	a := client.Do("GET", "/api/row/all?name=%C3%89va%20%22the%22%20Great,%20Ltd", nil).Want(200)
	want := "id,name,count,share,on,open\r\n" +
		"1,\"Éva \"\"the\"\" Great, Ltd\",3,0.5,\"0001-01-01T00:00:00.000000Z\",true\r\n" +
		"2,,-4,,\"0001-01-01T00:00:00.000000Z\",false\r\n"
	if diff := cmp.Diff(want, string(a.Body)); diff != "" {
		t.Error(diff)
	}
	for header, want := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8; header=present", "Vary": "Accept", "Content-Disposition": "attachment; filename=row-all.csv", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	if got := string(client.Do("GET", "/api/row/all?name=none", nil).Want(200).Body); got != "id,name,count,share,on,open\r\n" {
		t.Errorf("no rows: %q", got)
	}
	if got := string(client.Do("GET", "/api/row/one", nil).Want(200).Body); got != "id,name,count,share,on,open\r\n7,,0,,\"0001-01-01T00:00:00.000000Z\",false\r\n" {
		t.Errorf("one object: %q", got)
	}
}

func TestErrorsStayJSONForThoseWhoPreferCSV(t *testing.T) {
	client := csvClient(t).With("Accept", "text/csv")
	for _, a := range []webtest.Answer{
		client.Do("GET", "/api/row/all?name=refused", nil).Refused(422, "rows.refused"),
		client.Do("GET", "/api/row/all?colour=red", nil).Refused(400, "malformed_request"),
		client.As("").Do("GET", "/api/row/all", nil).Refused(401, "unauthenticated"),
	} {
		if got := a.Header.Get("Vary"); got != "Accept" {
			t.Errorf("Vary: %q", got)
		}
	}
}

func TestASpreadsheetCalculatesNothingOfAText(t *testing.T) {
	client := csvClient(t).With("Accept", "text/csv")
	for sent, want := range map[string]string{
		"=1%2B1": "'=1+1", "%2B1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "%09=1": "'\t=1", "%0D=1": "'\r=1", "%20=1": "' =1", "%C2%A0=1": "'\u00a0=1", "%EF%BC%9D1": "'＝1",
		"a=1": "a=1", "a%3B=1": "a;=1", "": "", "%20": " ", "%22=1": "\"=1",
	} {
		rows, err := csv.NewReader(strings.NewReader(string(client.Do("GET", "/api/row/all?name="+sent, nil).Want(200).Body))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[1][1]; got != want {
			t.Errorf("%s became %q, not %q", sent, got, want)
		}
	}
}

func TestAcceptSaysWhichFormIsPreferred(t *testing.T) {
	client := csvClient(t)
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/csv": true, "TEXT/CSV; charset=utf-8": true, "text/*": true, "application/*": false,
		"text/csv, application/json": true, "application/json, text/csv": false, "text/csv, */*": true, "*/*, text/csv": true, "text/*, */*": true,
		"text/csv;q=0.9, application/json": false, "application/json;q=0.5, text/csv;q=0.6": true, "application/json; q=0.5 , text/csv ; q=0.501": true,
		"text/csv;q=0": false, "text/csv;q=0, */*": false, "text/*;q=0.1, text/csv;q=0, */*": false, "text/*;q=0, text/csv": true, "application/json;q=0, */*": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false, "image/png": false, "text/csv;q=2": false, "text/csv;q=high": false, "text/csv;q=": false, "csv": false, ";,;": false,
		"text/csv;q=1.000": true, "text/csv;q=0.001": true, "text/csv;header=present;q=0.9, application/json;q=0.8": true,
	} {
		a := client.With("Accept", accept).Do("GET", "/api/row/one", nil).Want(200)
		if got := strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv"); got != want || a.Header.Get("Vary") != "Accept" {
			t.Errorf("%q: CSV %t, Vary %q", accept, got, a.Header.Get("Vary"))
		}
	}
}

func TestWhatHasNoColumnsCannotBeCSV(t *testing.T) {
	type nested struct {
		IDs []int64 `json:"ids"`
	}
	for name, route := range map[string]web.Route{
		"a list within a row": web.GET("/api/row/nested", "Nested", func(context.Context, nothing) (nested, error) { return nested{}, nil }, web.User(), web.CSV()),
		"a number":            web.GET("/api/row/number", "Number", func(context.Context, nothing) (int64, error) { return 0, nil }, web.User(), web.CSV()),
		"what changes things": web.POST("/api/row/new", "New", oneRow, web.User(), web.CSV()),
	} {
		if _, err := web.New(web.Config{Routes: []web.Route{route}}); err == nil || !strings.Contains(err.Error(), "can't be answered as CSV") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
