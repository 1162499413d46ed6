// Package webtest is how tests talk to the API: a small client for tables of
// scenarios over a handler or a running server, and an authenticator whose
// tokens a test makes up.
//
//	actors := webtest.Actors{"jo": {UserID: 7, OrganizationID: 1, Email: "jo@example.com"}}
//	api := webtest.Serve(t, actors, httpv1.New(service).Routes())
//	api.As("jo").Do("GET", "/api/user/me", nil).Want(200).Data(&user)
//
// A Scenario has the events that its request publishes, too. One that names
// none fails when there is any, so that no event is published unseen:
//
//	api.Play(db, webtest.Scenario{
//		Who: "ann", Method: "DELETE", Path: "/api/team/1", Status: 200,
//		Events: []event.Event{projects.TeamDeleted{TeamID: 1, OrganizationID: 1, DeletedBy: 2}},
//	})
package webtest
