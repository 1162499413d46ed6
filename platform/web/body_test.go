package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// slowClient is a connection whose client sends so many bytes every second.
type slowClient struct {
	http.ResponseWriter
	pace int
	by   time.Time
}

func (c *slowClient) SetReadDeadline(by time.Time) error {
	c.by = by
	return nil
}

func (c *slowClient) Read(p []byte) (int, error) {
	if left := time.Until(c.by); left < time.Second {
		time.Sleep(max(left, 0))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(time.Second)
	return min(len(p), c.pace), nil
}

func (*slowClient) Close() error { return nil }

// held is how long an upload is waited for, and how it ended.
func held(c *slowClient) (time.Duration, error) {
	began := time.Now()
	body := &guardedBody{ReadCloser: c, rc: http.NewResponseController(c), until: began.Add(uploadLimit)}
	_, err := io.Copy(io.Discard, body)
	return time.Since(began), err
}

func TestAnUploadThatTricklesIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for pace, most := range map[int]time.Duration{1: bodyPause + time.Second, uploadPace / 2: 2*bodyPause + time.Second} {
			if took, err := held(&slowClient{ResponseWriter: httptest.NewRecorder(), pace: pace}); !errors.Is(err, errSlowBody) || took > most {
				t.Errorf("at %d bytes a second it was waited for %v: %v", pace, took, err)
			}
		}
		if took, err := held(&slowClient{ResponseWriter: httptest.NewRecorder(), pace: uploadPace}); !errors.Is(err, errSlowBody) || took < uploadLimit-time.Second {
			t.Errorf("a slow but steady upload was given up after %v: %v", took, err)
		}
	})
}

func TestAnUploadIsNotBlamedForTheTimeOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &slowClient{ResponseWriter: httptest.NewRecorder(), pace: uploadPace}
		body := &guardedBody{ReadCloser: c, rc: http.NewResponseController(c), until: time.Now().Add(uploadLimit)}
		for range 5 {
			if _, err := body.Read(make([]byte, 4096)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Minute)
		}
	})
}

func TestALargeUploadIsNotTakenForASlowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &slowClient{ResponseWriter: httptest.NewRecorder(), pace: 1}
		body := &guardedBody{ReadCloser: c, rc: http.NewResponseController(c), until: time.Now().Add(uploadLimit), come: 1 << 40}
		if _, err := body.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
	})
}
