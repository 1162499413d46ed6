package notifications_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Verify answers whether a webhook's message is from the server: secret is
// what the server showed once, body what was sent, byte for byte.
func Verify(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return errors.New("the secret is no secret of a webhook")
	}
	sent, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(sent, 0)).Abs() > 5*time.Minute {
		return errors.New("the message is too old, or a clock is wrong")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for signature := range strings.FieldsSeq(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), want) {
			return nil
		}
	}
	return errors.New("the signature is wrong")
}

// How a receiver knows that a message is from the server.
func Example() {
	h := http.Header{}
	h.Set("webhook-id", "01a22661-c908-7446-aded-664f01c122d8")
	h.Set("webhook-timestamp", "1780000000")
	h.Set("webhook-signature", "v1,23uRiRQYR1fi8zAzeCz+pwsX+50Ewslbu3XodXV2V/g=")
	now := time.Unix(1780000010, 0)
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	fmt.Println(Verify(secret, h, []byte(`{"specversion":"1.0"}`), now))
	fmt.Println(Verify(secret, h, []byte(`{"specversion":"1.1"}`), now))
	fmt.Println(Verify(secret, h, []byte(`{"specversion":"1.0"}`), now.Add(time.Hour)))
	// Output:
	// <nil>
	// the signature is wrong
	// the message is too old, or a clock is wrong
}

func TestTheExampleOfTheDocumentationIsTheTestedOne(t *testing.T) {
	code, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(code), "// Verify answers")
	function, _, ok := strings.Cut("// Verify answers"+rest, "\n}\n")
	if !ok || !strings.Contains(string(docs), "```go\n"+function+"\n}\n```") {
		t.Error("docs/events.md shows another Verify than this file has")
	}
}
