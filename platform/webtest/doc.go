// Package webtest is how tests talk to the API: a small client for tables of
// scenarios over a handler or a running server, and an authenticator whose
// tokens a test makes up.
//
//	actors := webtest.Actors{"jo": {UserID: 7, OrganizationID: 1, Email: "jo@example.com"}}
//	api := webtest.Serve(t, actors, httpv1.New(service).Routes())
//	api.As("jo").Do("GET", "/api/user/me", nil).Want(200).Data(&user)
//
// A client that is Watching a log of events holds each of its requests to the events
// that Expecting names, so that no event is published unseen. A request that names
// none expects none, and so does a Scenario, which is a row of a table:
//
//	api = api.Watching(db)
//	api.As("ann").Do("DELETE", "/api/team/99", nil).Refused(404, "projects.team_not_found")
//	api.As("ann").Expecting(projects.TeamDeleted{TeamID: 1, OrganizationID: 1, DeletedBy: 2}).Do("DELETE", "/api/team/1", nil).Want(200)
//	api.Play(webtest.Scenario{
//		Who: "ann", Method: "DELETE", Path: "/api/team/2", Status: 200,
//		Events: []event.Event{projects.TeamDeleted{TeamID: 2, OrganizationID: 1, DeletedBy: 2}},
//	})
package webtest
