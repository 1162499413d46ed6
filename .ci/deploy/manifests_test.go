// Package deploy checks the files of deploy with the code that reads them
// where Parley runs, and starts what they describe. It is a module of its own,
// so that the product does not depend on that code.
package deploy

import (
	"fmt"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const root = "../../"

// cluster is what an overlay makes of the base.
type cluster struct {
	deployments map[string]apps.Deployment
	settings    map[string]map[string]string // of ConfigMaps, by name
	secrets     map[string]map[string]string
	services    []core.Service
	budgets     []policy.PodDisruptionBudget
	ingresses   []networking.Ingress
}

// built builds a kustomization, and refuses a field that its kind does not have.
func built(t *testing.T, folder string) cluster {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), root+"deploy/kubernetes/"+folder)
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{deployments: map[string]apps.Deployment{}, settings: map[string]map[string]string{}, secrets: map[string]map[string]string{}}
	for _, r := range made.Resources() {
		raw, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		read := func(into any) {
			if err := yaml.UnmarshalStrict(raw, into); err != nil {
				t.Errorf("%s %s: %v", r.GetKind(), r.GetName(), err)
			}
		}
		switch r.GetKind() {
		case "Deployment":
			var d apps.Deployment
			read(&d)
			c.deployments[d.Name] = d
		case "ConfigMap":
			var m core.ConfigMap
			read(&m)
			c.settings[m.Name] = m.Data
		case "Secret":
			var s core.Secret
			read(&s)
			c.secrets[s.Name] = map[string]string{}
			for key, value := range s.Data {
				c.secrets[s.Name][key] = string(value)
			}
		case "Service":
			var s core.Service
			read(&s)
			c.services = append(c.services, s)
		case "PodDisruptionBudget":
			var b policy.PodDisruptionBudget
			read(&b)
			c.budgets = append(c.budgets, b)
		case "Ingress":
			var i networking.Ingress
			read(&i)
			c.ingresses = append(c.ingresses, i)
		case "PersistentVolumeClaim":
			read(&core.PersistentVolumeClaim{})
		case "Namespace":
			read(&core.Namespace{})
		default:
			t.Errorf("nothing here knows the kind %s", r.GetKind())
		}
	}
	return c
}

func TestEveryPodIsProbedScrapedAndKeptThroughDrains(t *testing.T) {
	for _, folder := range []string{"base", "overlays/example"} {
		c := built(t, folder)
		if len(c.deployments) != 2 {
			t.Fatalf("%s has %d deployments", folder, len(c.deployments))
		}
		for name, d := range c.deployments {
			pod := d.Spec.Template
			for key, value := range d.Spec.Selector.MatchLabels {
				if pod.Labels[key] != value {
					t.Errorf("%s: %s does not select its own pods", folder, name)
				}
			}
			if pod.Annotations["prometheus.io/scrape"] != "true" {
				t.Errorf("%s: Prometheus does not find %s", folder, name)
			}
			if pod.Spec.EnableServiceLinks == nil || *pod.Spec.EnableServiceLinks {
				t.Errorf("%s: %s gets the variables of services", folder, name)
			}
			main := pod.Spec.Containers[0]
			for what, probe := range map[string]*core.Probe{"startup": main.StartupProbe, "readiness": main.ReadinessProbe, "liveness": main.LivenessProbe} {
				if probe == nil || port(main, probe) == 0 {
					t.Errorf("%s: %s has no %s probe at a port that it opens", folder, name, what)
				}
			}
			if !kept(c, pod.Labels) {
				t.Errorf("%s: no disruption budget covers %s", folder, name)
			}
		}
	}
}

func TestAnIngressLeadsToTheAPI(t *testing.T) {
	c := built(t, "overlays/example")
	if len(c.ingresses) != 1 || len(c.services) != 1 {
		t.Fatalf("%d ingresses, %d services", len(c.ingresses), len(c.services))
	}
	backend := c.ingresses[0].Spec.Rules[0].HTTP.Paths[0].Backend.Service
	service := c.services[0]
	if backend.Name != service.Name || backend.Port.Name != service.Spec.Ports[0].Name {
		t.Errorf("the ingress leads to %s:%s, the service is %s:%s", backend.Name, backend.Port.Name, service.Name, service.Spec.Ports[0].Name)
	}
	api := c.deployments["parley-api"].Spec.Template
	for key, value := range service.Spec.Selector {
		if api.Labels[key] != value {
			t.Errorf("the service wants %s=%s, the API's pods have %q", key, value, api.Labels[key])
		}
	}
}

// port is the number of the port that a probe names, 0 when there is none.
func port(c core.Container, probe *core.Probe) int32 {
	for _, p := range c.Ports {
		if probe.HTTPGet != nil && p.Name == probe.HTTPGet.Port.StrVal {
			return p.ContainerPort
		}
	}
	return 0
}

func kept(c cluster, labels map[string]string) bool {
	for _, b := range c.budgets {
		all := true
		for key, value := range b.Spec.Selector.MatchLabels {
			all = all && labels[key] == value
		}
		if all {
			return true
		}
	}
	return false
}

// environment is what a container gets, in the form of os.Environ.
func (c cluster) environment(t *testing.T, container core.Container) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, from := range container.EnvFrom {
		data, ok := c.settings[from.ConfigMapRef.Name]
		if !ok {
			t.Errorf("there is no ConfigMap %s", from.ConfigMapRef.Name)
		}
		for key, value := range data {
			out[key] = value
		}
	}
	for _, e := range container.Env {
		ref := e.ValueFrom.SecretKeyRef
		value, ok := c.secrets[ref.Name][ref.Key]
		if !ok && (ref.Optional == nil || !*ref.Optional) {
			t.Errorf("%s: there is no key %s in the Secret %s", e.Name, ref.Key, ref.Name)
		}
		out[e.Name] = value
	}
	return out
}

func environ(values map[string]string) []string {
	var out []string
	for key, value := range values {
		out = append(out, fmt.Sprintf("%s=%s", key, value))
	}
	return out
}

// linked are the variables that a pod gets for a Service named parley where
// service links are on.
func linked() []string {
	return strings.Fields(`PARLEY_SERVICE_HOST=10.96.12.7 PARLEY_SERVICE_PORT=80 PARLEY_SERVICE_PORT_HTTP=80 PARLEY_PORT=tcp://10.96.12.7:80
		PARLEY_PORT_80_TCP=tcp://10.96.12.7:80 PARLEY_PORT_80_TCP_PROTO=tcp PARLEY_PORT_80_TCP_PORT=80 PARLEY_PORT_80_TCP_ADDR=10.96.12.7`)
}
