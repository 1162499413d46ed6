package core

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/modules/notifications"
	"parley/platform/kernel/event"
)

// outside are the kinds of events that webhooks get: those that say of which
// organization they are. The value says whether data must be left out.
type outside map[string]bool

func newOutside(events []event.Event) outside {
	out := outside{}
	for _, e := range events {
		if notifications.Leaves(e) {
			out[e.EventName()] = slices.ContainsFunc(notifications.Fields(e), notifications.Personal)
		}
	}
	return out
}

// names are the kinds, in the order of the alphabet.
func (o outside) names() []string {
	out := make([]string, 0, len(o))
	for name := range o {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// organizationOf reads which organization an event is of; 0 when it does not say.
func organizationOf(e event.Envelope) (int64, error) {
	var of struct {
		OrganizationID int64 `json:"organization_id"`
	}
	err := e.Decode(&of)
	return of.OrganizationID, err
}

// cloudEvent is CloudEvents 1.0 in structured mode.
type cloudEvent struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject"`
	Time        string          `json:"time"`
	ContentType string          `json:"datacontenttype"`
	Data        json.RawMessage `json:"data"`
}

// message is an event as it leaves the server.
func (o outside) message(org int64, e event.Envelope) (string, error) {
	data := e.Payload
	if o[e.Name] {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber() // a 64-bit id must go out as it came in
		fields := map[string]any{}
		if err := d.Decode(&fields); err != nil {
			return "", fmt.Errorf("reading %s: %w", e.Name, err)
		}
		maps.DeleteFunc(fields, func(name string, _ any) bool { return notifications.Personal(name) })
		var err error
		if data, err = json.Marshal(fields); err != nil {
			return "", fmt.Errorf("encoding %s: %w", e.Name, err)
		}
	}
	body, err := json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: e.ID, Source: fmt.Sprintf("/api/organization/%d", org), Type: e.Name, Subject: e.Key,
		Time: e.OccurredAt.UTC().Format("2006-01-02T15:04:05.000000Z"), ContentType: "application/json", Data: data,
	})
	if err != nil {
		return "", fmt.Errorf("encoding %s: %w", e.Name, err)
	}
	return string(body), nil
}

const secretPrefix = "whsec_"

// newSecret is a secret as it is shown, of 256 random bits.
func newSecret() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return secretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// sign answers the headers of Standard Webhooks for a body that is sent now,
// with one signature for each secret.
func sign(id string, now time.Time, body []byte, secrets ...string) (map[string]string, error) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	var signatures []string
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
		if err != nil {
			return nil, errors.New("a stored secret is no base64")
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return map[string]string{
		"Content-Type":      "application/cloudevents+json; charset=utf-8",
		"Webhook-Id":        id,
		"Webhook-Timestamp": stamp,
		"Webhook-Signature": strings.Join(signatures, " "),
	}, nil
}
