package core_test

import (
	"errors"
	"strings"
	"testing"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/apperr"
)

func TestWhichCredentialFailedAndWhyIsSaid(t *testing.T) {
	h := newHouse(t)
	pair, err := h.SignIn(h.ctx, h.admin.Email, "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := h.CreateKey(h.ctx, as(h.admin), core.NewKey{Name: "k"})
	if err != nil {
		t.Fatal(err)
	}
	opens, refreshes := pair.Access, pair.Refresh
	for _, c := range []struct{ token, key, want string }{
		{refreshes, "", "only refreshes; send ejento_access_token"},
		{key, "", "is an API key; send it in the header"},
		{"nonsense", "", "The access token is invalid"},
		{"", key[:len(key)-1] + "x", "The API key is unknown"},
		{"", opens, "The API key is an access token"},
		{opens, key[:len(key)-1] + "x", "The access token is good, but the API key"},
		{"nonsense", key, "The access token is invalid"},
	} {
		_, err := h.Authenticate(h.ctx, c.token, c.key)
		var said *apperr.Error
		if !errors.Is(err, core.ErrCredentials) || !errors.As(err, &said) || !strings.Contains(said.Message, c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
	if _, err := h.Refresh(h.ctx, opens, core.Attempt{}); err == nil || !strings.Contains(err.Error(), "does not refresh; send access_token") {
		t.Errorf("refreshing with the other token: %v", err)
	}
}
