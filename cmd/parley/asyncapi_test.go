package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/notifications"
	"parley/platform/webtest"
)

type object = map[string]any

// The document is served from the program, and stands in docs/api as well.
func TestTheAsyncAPIDocumentIsTheGeneratedOne(t *testing.T) {
	raw, err := json.MarshalIndent(asyncAPIDocument(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "cmd/parley/asyncapi.json", string(raw)+"\n")
	generated(t, "docs/api/asyncapi.json", string(raw)+"\n")
}

func TestTheAsyncAPIDocumentIsServed(t *testing.T) {
	_, h := built(t, profileAll)
	answer := webtest.New(t, h.Server.Handler).Do("GET", "/asyncapi.json", nil).Want(http.StatusOK)
	if string(answer.Body) != string(asyncAPI) || len(asyncAPI) < 1_000 {
		t.Errorf("%d bytes are served, %d are there", len(answer.Body), len(asyncAPI))
	}
}

// asyncAPIDocument describes every event that webhooks get.
func asyncAPIDocument(t *testing.T) object {
	t.Helper()
	messages, schemas, refs := object{}, object{"CloudEvent": cloudEventSchema}, object{}
	add := func(name, about string, data object, example any) {
		schemas[name] = data
		messages[name] = object{
			"name": name, "title": name, "summary": about, "contentType": "application/cloudevents+json",
			"headers": object{"$ref": "#/components/schemas/Headers"},
			"payload": object{"allOf": []any{
				object{"$ref": "#/components/schemas/CloudEvent"},
				object{"type": "object", "properties": object{"type": object{"const": name}, "data": object{"$ref": "#/components/schemas/" + name}}},
			}},
			"examples": []any{object{"payload": cloudEventOf(name, example)}},
		}
		refs[name] = object{"$ref": "#/components/messages/" + name}
	}
	schemas["Headers"] = headersSchema
	for _, e := range published {
		if !notifications.Leaves(e) {
			continue
		}
		module, _, _ := strings.Cut(e.EventName(), ".")
		kind := reflect.TypeOf(e)
		v := reflect.New(kind).Elem()
		filled(t, v)
		c := read(t, module)
		add(e.EventName(), c.about[kind.Name()], c.schema(t, kind), outside(t, v.Interface()))
	}
	add(notifications.TestKind, "What the test of a webhook sends, and nothing else: no webhook can be made of this kind.", object{
		"type": "object", "required": []any{"organization_id", "webhook_id"},
		"properties": object{"organization_id": object{"type": "integer", "format": "int64"}, "webhook_id": object{"type": "integer", "format": "int64"}},
	}, object{"organization_id": 7, "webhook_id": 7})
	var of []any
	test := object{"$ref": "#/channels/webhook/messages/" + notifications.TestKind}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if name != notifications.TestKind {
			of = append(of, object{"$ref": "#/channels/webhook/messages/" + name})
		}
	}
	post := object{"http": object{"method": "POST", "bindingVersion": "0.3.0"}}
	return object{
		"asyncapi": "3.0.0", "id": "urn:parley:events", "defaultContentType": "application/cloudevents+json",
		"info": object{
			"title": "Parley: events for other programs", "version": "1.0.0",
			"description": "What a webhook gets: CloudEvents 1.0 in structured mode, signed as Standard Webhooks says. They come at least once, and in order with the others of their subject. " +
				"An event only ever gains fields. It has ids, and names no person.",
		},
		"channels": object{"webhook": object{
			"address": nil, "title": "Webhook", "description": "The URL of a webhook, which a global admin makes by POST /api/webhook.", "messages": refs,
		}},
		"operations": object{
			"deliver": object{
				"action": "send", "channel": object{"$ref": "#/channels/webhook"}, "messages": of, "bindings": post,
				"summary": "Posts an event to a webhook whose kinds have its type. Any 2xx is success; 410 switches the webhook off; anything else is tried again for a day.",
			},
			"test": object{
				"action": "send", "channel": object{"$ref": "#/channels/webhook"}, "messages": []any{test}, "bindings": post,
				"summary": "Posts a test to a webhook of any kinds, once, when a global admin asks for it by POST /api/webhook/{webhook_id}/test.",
			},
		},
		"components": object{"messages": messages, "schemas": schemas},
	}
}

var cloudEventSchema = object{
	"type": "object", "required": []any{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"},
	"properties": object{
		"specversion":     object{"const": "1.0"},
		"id":              object{"type": "string", "format": "uuid", "description": "The same on every delivery, and the webhook-id."},
		"source":          object{"type": "string", "format": "uri-reference", "description": "The organization: /api/organization/{id}."},
		"type":            object{"type": "string"},
		"subject":         object{"type": "string", "description": "What the event is about. Events of one subject come in order."},
		"time":            object{"type": "string", "format": "date-time"},
		"datacontenttype": object{"const": "application/json"},
		"data":            object{"type": "object"},
	},
}

var headersSchema = object{
	"type": "object", "required": []any{"webhook-id", "webhook-timestamp", "webhook-signature"},
	"properties": object{
		"webhook-id":        object{"type": "string", "description": "The id of the event, the same when it comes again."},
		"webhook-timestamp": object{"type": "string", "description": "When this attempt was made, in seconds since 1970."},
		"webhook-signature": object{"type": "string", "description": "v1, a comma and the signature in base64; two of them, separated by a space, for a day after a rotation."},
	},
}

func cloudEventOf(name string, data any) object {
	return object{
		"specversion": "1.0", "id": "01a22661-c908-7446-aded-664f01c122d8", "source": "/api/organization/7", "type": name, "subject": subjectOf(name),
		"time": "2026-01-31T12:34:56.000789Z", "datacontenttype": "application/json", "data": data,
	}
}

// subjectOf is the key of a filled event.
func subjectOf(name string) string {
	for _, e := range published {
		if e.EventName() == name {
			return strings.Replace(e.AggregateKey(), "/0", "/7", 1)
		}
	}
	return "webhook/7"
}

// outside is the JSON of an event as it leaves.
func outside(t *testing.T, e any) object {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	out := object{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(out, func(name string, _ any) bool { return notifications.Personal(name) })
	return out
}

// schema is that of a struct in an event. A published event only gains fields,
// so that each field is required and others may come.
func (c contract) schema(t *testing.T, of reflect.Type) object {
	t.Helper()
	properties, required := object{}, []any{}
	c.fields(t, of, properties, &required)
	return object{"type": "object", "properties": properties, "required": required}
}

func (c contract) fields(t *testing.T, of reflect.Type, properties object, required *[]any) {
	t.Helper()
	for f := range of.Fields() {
		if f.Anonymous {
			c.fields(t, f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if notifications.Personal(name) {
			continue
		}
		s := c.value(t, f.Type)
		if about := c.about[of.Name()+"."+f.Name]; about != "" {
			s["description"] = about
		}
		properties[name] = s
		if options == "" {
			*required = append(*required, name)
		}
	}
}

func (c contract) value(t *testing.T, of reflect.Type) object {
	t.Helper()
	switch k := of.Kind(); {
	case of == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case k == reflect.Struct:
		return c.schema(t, of)
	case k == reflect.Slice:
		return object{"type": []any{"array", "null"}, "items": c.value(t, of.Elem())}
	case k == reflect.Pointer:
		s := c.value(t, of.Elem())
		s["type"] = []any{fmt.Sprint(s["type"]), "null"}
		return s
	case k == reflect.String:
		return object{"type": "string"}
	case k == reflect.Bool:
		return object{"type": "boolean"}
	case k >= reflect.Int && k <= reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case k == reflect.Float64:
		return object{"type": "number"}
	}
	t.Fatalf("an event with a %s: teach this test about it", of)
	return nil
}
