package httpv1_test

import (
	"testing"

	"parley/platform/webtest"
)

func TestUsers(t *testing.T) {
	webtest.Serve(t, nil) // want watched
}

func TestWatchedUsers(t *testing.T) {
	webtest.Serve(t, nil).Watching(nil)
}
