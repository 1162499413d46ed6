package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/platform/webtest"
)

func TestEveryOperationOfTheDocumentSaysWhatItDoes(t *testing.T) {
	d, _ := apiDoc(t)
	words, err := apiWords()
	if err != nil {
		t.Fatal(err)
	}
	inWords := regexp.MustCompile(`^[a-z]+([A-Z][a-z0-9]+)+$`)
	ids, tags := map[string]string{}, map[string]bool{}
	for _, tag := range d.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	d.each(func(call string, o apiOperation) {
		id := strings.ReplaceAll(o.OperationID, "SharePoint", "Sharepoint")
		switch {
		case id == "signIn":
		case !inWords.MatchString(id):
			t.Errorf("%s has the id %q, which is not a verb and what it is about in words", call, o.OperationID)
		case len(id) > 48:
			t.Errorf("%s has the id %q: give it a shorter one in apiIDs", call, o.OperationID)
		}
		if other := ids[o.OperationID]; other != "" {
			t.Errorf("%s and %s have the id %q", other, call, o.OperationID)
		}
		ids[o.OperationID] = call
		if o.Summary == "" || len(strings.Fields(words.Operations[o.OperationID])) < 3 || !strings.Contains(o.Description, "\n\nWho: ") {
			t.Errorf("%s is described by %q, %q: say what it does under \"## %s\" in cmd/parley/apitext", call, o.Summary, o.Description, o.OperationID)
		}
		if len(o.Tags) != 1 || !tags[o.Tags[0]] {
			t.Errorf("%s has the tags %v, which are not all declared and described", call, o.Tags)
		}
		for _, p := range o.Parameters {
			if p.Description == "" {
				t.Errorf("the parameter %s of %s has no description: give it a tag doc, or add it to apiFields", p.Name, call)
			}
			if p.In == "path" && p.Example == nil {
				t.Errorf("the parameter %s of %s has no example", p.Name, call)
			}
		}
	})
	for id := range words.Operations {
		if ids[id] == "" {
			t.Errorf("cmd/parley/apitext describes %s, which is no operation", id)
		}
	}
	for group := range words.Tags {
		if _, there := tags[group]; !there {
			t.Errorf("cmd/parley/apitext describes the group %s, which has no operations", group)
		}
	}
	for id, other := range apiIDs {
		if ids[other] == "" {
			t.Errorf("apiIDs makes %s of %s, and neither is an operation", other, id)
		}
	}
	if d.Info.Contact.Name == "" || d.Info.License != nil || len(d.Servers) == 0 {
		t.Errorf("the document says of itself %+v, %+v", d.Info, d.Servers)
	}
}

func TestWhatTheDocumentSaysOfErrorsAndEventsIsThere(t *testing.T) {
	d, _ := apiDoc(t)
	status := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `([a-z_.]+)` ").FindAllStringSubmatch(inRepository(t, "docs/api/errors.md"), -1) {
		status[row[2]] += row[1] + " "
	}
	code, event, said := regexp.MustCompile("`([a-z_]+\\.[a-z_]+|[a-z]+(_[a-z]+)+)`"), regexp.MustCompile("`([a-z]+\\.[a-z_]+\\.v[0-9]+)`"), regexp.MustCompile(`^[45]\d\d$`)
	for name, r := range d.Components.Responses {
		example, _ := r.Content["application/json"].Example.(map[string]any)
		of, _ := example["code"].(string)
		if is, err := strconv.Atoi(strings.TrimSpace(status[of])); err != nil || (name != "Error" && name != strings.ReplaceAll(http.StatusText(is), " ", "")) {
			t.Errorf("the example of %s has the code %q, which is answered with %q", name, of, status[of])
		}
	}
	d.each(func(call string, o apiOperation) {
		for part := range strings.SplitSeq(o.Description, "\n\n") {
			switch {
			case strings.HasPrefix(part, "Errors: "):
				now := ""
				for _, word := range strings.Fields(part) {
					if bare := strings.Trim(word, ",;."); said.MatchString(bare) {
						if now = bare; o.Responses[now].Description == "" && o.Responses[now].Ref == "" {
							t.Errorf("%s says that it answers %s, of which the document tells nothing: add web.Refuses(%s) to the route", call, now, now)
						}
					}
					if c := code.FindStringSubmatch(word); c != nil && status[c[1]] != "" && !strings.Contains(status[c[1]], now) {
						t.Errorf("%s says that %s is %s; it is %s", call, c[1], now, status[c[1]])
					} else if c != nil && strings.Contains(c[1], ".") && status[c[1]] == "" {
						t.Errorf("%s names the error %s, which is none", call, c[1])
					}
				}
			case strings.HasPrefix(part, "Events: "):
				for _, name := range event.FindAllStringSubmatch(part, -1) {
					inRepository(t, "cmd/parley/testdata/events/"+name[1]+".json")
				}
			}
		}
	})
}

func TestEveryAnswerOfTheDocumentHasItsHeadersAndTheSignInItsSecurity(t *testing.T) {
	d, _ := apiDoc(t)
	d.each(func(call string, o apiOperation) {
		for _, status := range []string{"400", "500", "503", "default"} {
			if _, ok := o.Responses[status]; !ok {
				t.Errorf("%s tells nothing of %s", call, status)
			}
		}
		for status, r := range o.Responses {
			if name, isRef := strings.CutPrefix(r.Ref, "#/components/responses/"); isRef {
				r = d.Components.Responses[name]
			}
			want := []string{"X-Request-Id"}
			switch status {
			case "429":
				want = append(want, "Retry-After")
			case "503":
				want = append(want, "Retry-After", "Location")
			case "409":
				want = append(want, "Location")
			case "401":
				want = append(want, "WWW-Authenticate")
			}
			for _, name := range want {
				if r.Headers[name].Description == "" {
					t.Errorf("the answer %s of %s has no header %s", status, call, name)
				}
			}
			if r.Description == "" {
				t.Errorf("the answer %s of %s has no description", status, call)
			}
		}
		var how []string
		for _, s := range o.Security {
			how = append(how, strings.Join(slices.Sorted(maps.Keys(s)), "+"))
		}
		switch got := strings.Join(how, " "); {
		case o.Security == nil:
			t.Errorf("%s does not say what credentials it takes", call)
		case got != "" && got != "refresh" && got != "bearer subscription_key bearer+subscription_key":
			t.Errorf("%s takes %s", call, got)
		}
	})
	if o := d.Paths["/api/login/access-token"]["post"]; o.Security == nil || len(o.Security) > 0 {
		t.Errorf("a sign-in takes %v", o.Security)
	}
}

// walk calls fn for a schema and all that stand in it.
func (s *apiSchema) walk(place string, fn func(place string, s *apiSchema)) {
	if s == nil {
		return
	}
	fn(place, s)
	s.Items.walk(place+"[]", fn)
	for name, p := range s.Properties {
		p.walk(place+"."+name, fn)
	}
	for _, of := range slices.Concat(s.AnyOf, s.OneOf) {
		of.walk(place, fn)
	}
}

// used are the components that a schema leads to.
func (d apiDocument) used(s *apiSchema, into map[string]bool) {
	s.walk("", func(_ string, s *apiSchema) {
		if name, isRef := strings.CutPrefix(s.Ref, "#/components/schemas/"); isRef && !into[name] {
			into[name] = true
			d.used(d.Components.Schemas[name], into)
		}
	})
}

func TestEveryFieldOfTheDocumentIsDescribed(t *testing.T) {
	d, _ := apiDoc(t)
	missing := map[string]bool{}
	look := func(place string, s *apiSchema) {
		s.walk(place, func(at string, s *apiSchema) {
			for name, p := range s.Properties {
				if p.Description == "" {
					missing[at+"."+name] = true
				}
			}
		})
	}
	for name, s := range d.Components.Schemas {
		look(name, s)
	}
	d.each(func(call string, o apiOperation) {
		for _, r := range o.Responses {
			for _, m := range r.Content {
				look(call, m.Schema)
			}
		}
		if o.RequestBody != nil {
			for _, m := range o.RequestBody.Content {
				look(call, m.Schema)
			}
		}
	})
	for _, field := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s has no description: give the field a tag doc, or add its name to apiFields", field)
	}
}

func TestAnswersAreOpenToNewFieldsAndRequestsAreNot(t *testing.T) {
	d, _ := apiDoc(t)
	answers, requests := map[string]bool{}, map[string]bool{}
	closed := func(place string, s *apiSchema) {
		s.walk(place, func(at string, s *apiSchema) {
			if s.AdditionalProperties == false {
				t.Errorf("the answer at %s is closed to new fields", at)
			}
		})
	}
	for name, r := range d.Components.Responses {
		for _, m := range r.Content {
			closed(name, m.Schema)
			d.used(m.Schema, answers)
		}
	}
	d.each(func(call string, o apiOperation) {
		for _, r := range o.Responses {
			for _, m := range r.Content {
				closed(call, m.Schema)
				d.used(m.Schema, answers)
			}
		}
		if o.RequestBody != nil {
			for _, m := range o.RequestBody.Content {
				d.used(m.Schema, requests)
			}
		}
	})
	for name := range answers {
		closed(name, d.Components.Schemas[name])
	}
	for name := range requests {
		if s := d.Components.Schemas[name]; s.Type == "object" && s.AdditionalProperties != false {
			t.Errorf("the request %s is open to unknown fields", name)
		}
	}
	if len(answers) < 20 || len(requests) < 20 {
		t.Errorf("%d schemas of answers and %d of requests", len(answers), len(requests))
	}
}

func TestEveryExampleFitsItsSchema(t *testing.T) {
	d, raw := apiDoc(t)
	check := func(place string, content map[string]apiMedia) {
		for kind, m := range content {
			if m.Schema != nil && m.Schema.Format == "binary" { // bytes
				continue
			}
			at := place + "/content/" + webtest.Escaped(kind)
			if m.Example == nil {
				t.Errorf("%s has no example", at)
				continue
			}
			value, err := json.Marshal(m.Example)
			if err != nil {
				t.Fatal(err)
			}
			if err := webtest.FitsIn([]byte(raw), place, kind, value); err != nil {
				t.Errorf("the example of %s does not fit; add the field to apiValues, or the body to apiRequests: %v", at, err)
			}
		}
	}
	for name, r := range d.Components.Responses {
		check("#/components/responses/"+name, r.Content)
	}
	for path, methods := range d.Paths {
		for method, o := range methods {
			at := "#/paths/" + webtest.Escaped(path) + "/" + method
			if o.RequestBody != nil {
				check(at+"/requestBody", o.RequestBody.Content)
			}
			for status, r := range o.Responses {
				check(at+"/responses/"+status, r.Content)
			}
		}
	}
}

func TestStreamsUploadsAndDownloadsSayWhatTheyCarry(t *testing.T) {
	d, _ := apiDoc(t)
	streams := 0
	d.each(func(call string, o apiOperation) {
		for _, r := range o.Responses {
			if m, ok := r.Content["text/event-stream"]; ok {
				streams++
				if m.Schema.Ref == "" {
					t.Errorf("the events of %s have no schema: say web.Streams[T]()", call)
				}
			}
			if m, ok := r.Content["application/octet-stream"]; ok && (m.Schema.Format != "binary" || len(r.Content) < 2) {
				t.Errorf("%s does not name the types that it sends: say web.Sends(…)", call)
			}
		}
		if o.RequestBody == nil {
			return
		}
		if m, ok := o.RequestBody.Content["multipart/form-data"]; ok {
			s := m.Schema
			if name, isRef := strings.CutPrefix(s.Ref, "#/components/schemas/"); isRef {
				s = d.Components.Schemas[name]
			}
			files := 0
			for name, p := range s.Properties {
				if p.ContentEncoding != "" {
					t.Errorf("the part %s of %s is %s, not the bytes themselves", name, call, p.ContentEncoding)
				}
				if p.Format == "binary" {
					files++
				}
			}
			if files == 0 {
				t.Errorf("%s takes no file", call)
			}
		}
	})
	if streams < 3 {
		t.Errorf("there are %d streams", streams)
	}
	content := d.Paths["/api/agent/{agent_id}/response/stream"]["post"].Responses["200"].Content
	if got := slices.Sorted(maps.Keys(content)); !slices.Equal(got, []string{"text/event-stream"}) || content[got[0]].Schema.Ref != "#/components/schemas/StreamEvent" {
		t.Errorf("Run Chat, Streamed answers %v", got)
	}
}

// Generators for Go, Java and C# name the type of a field with values of its
// own after the schema and the field.
func TestNoSchemaHasTheNameThatGeneratorsGiveToAField(t *testing.T) {
	d, _ := apiDoc(t)
	for schema, s := range d.Components.Schemas {
		for field, p := range s.Properties {
			var name strings.Builder
			name.WriteString(schema)
			for _, part := range strings.Split(field, "_") {
				if part != "" {
					name.WriteString(strings.ToUpper(part[:1]) + part[1:])
				}
			}
			if _, taken := d.Components.Schemas[name.String()]; taken && (len(p.Enum) > 0 || len(p.Properties) > 0 || len(p.OneOf) > 0) {
				t.Errorf("%s is a schema, and what generators call the type of %s.%s; name one of them otherwise by the tag schema", name.String(), schema, field)
			}
		}
	}
}
