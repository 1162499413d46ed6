package users

import (
	_ "os" // want zones

	_ "go.uber.org/fx" // want homes

	_ "parley/modules/projects"            // want zones
	_ "parley/modules/users/internal/core" // want zones
	_ "parley/platform/kernel/id"
	_ "parley/platform/web" // want zones
)

// Directory asks too much.
type Directory interface { // want narrow
	A()
	B()
	C()
	D()
	E()
	F()
}

// Narrow is allowed.
type Narrow interface{ A() }

// UserDeleted is allowed.
type UserDeleted struct{ ID int64 }

// EventName implements event.Event.
func (UserDeleted) EventName() string { return "users.user_deleted.v1" }

// Moved is named after another module.
type Moved struct{}

// EventName implements event.Event.
func (Moved) EventName() string { return "chat.user_moved.v1" } // want names

const built = "users."

// Built has a name that nobody finds.
type Built struct{}

// EventName implements event.Event.
func (Built) EventName() string { return built + "user_built.v1" } // want names
