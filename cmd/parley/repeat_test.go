package main_test

import (
	"context"
	"fmt"
	"testing"
)

// A server that dies between the commit of what a request does and the storing
// of its answer does not do it again when the request is repeated.
func TestARequestThatWasDoneBeforeADeathIsNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		k := newKillable(t, kind)
		k.start()
		admin := k.admin()
		token := signIn(admin.As(""), adminEmail, adminPassword)
		names := func() (n int) {
			var list []struct {
				Name string `json:"name"`
			}
			admin.Do("GET", "/api/project", nil).Want(200).Data(&list)
			for _, p := range list {
				if p.Name == "Once" {
					n++
				}
			}
			return n
		}
		for i, when := range []string{"before", "after"} {
			if !k.order(when, 1, "CreateProject") {
				t.Fatal("the server is dead already")
			}
			key := fmt.Sprint("once", i)
			body := `{"name":"Once"}`
			path := "http://" + k.addr + "/api/project"
			if status := send(context.Background(), "POST", path, token, key, body); status != 0 {
				t.Fatalf("the server answered %d instead of dying", status)
			}
			<-k.done
			k.cmd = nil
			for line := range k.said {
				k.note(line)
			}
			k.start()
			before := names()
			want := []int{201, 409}[i]
			if status := send(context.Background(), "POST", "http://"+k.addr+"/api/project", token, key, body); status != want {
				t.Errorf("killed %s the commit, the repeat is answered %d", when, status)
			}
			if when == "after" && (before != i+1 || names() != i+1) {
				t.Errorf("%d projects are there, then %d", before, names())
			}
		}
	})
}
