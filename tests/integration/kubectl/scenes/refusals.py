"""Bad input: what the server refuses, in upstream's words."""
import re

from client import require

SUBDOMAIN = ("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
             "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
             r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")
LABEL = ("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
         "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
KEY = ("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
       "regex used for validation is '[-._a-zA-Z0-9]+')")


def config_map(name, rest=""):
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n{rest}"


def scene_refused_manifests(k):
    for version, kind in [("nope/v1", "Deployment"), ("apps/v1", "Nope"), ("v1", "Nope")]:
        k.file("nope.yaml", f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\n")
        unknown = f'no matches for kind "{kind}" in version "{version}"'
        if k.minor >= 24:
            k.refused("apply -f nope.yaml", f'error: resource mapping not found for name: "x" namespace: "" from "nope.yaml": {unknown}\n'
                      'ensure CRDs are installed first')
        else:
            k.refused("apply -f nope.yaml", f'error: unable to recognize "nope.yaml": {unknown}')
    k.file("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, bogus: 1}\ndata: {a: '1'}\ndatum: {b: '2'}\n")
    if k.minor >= 25:
        k.refused("create -f x.yaml", 'Error from server (BadRequest): error when creating "x.yaml": ConfigMap in version "v1" cannot be '
                  'handled as a ConfigMap: strict decoding error: unknown field "datum", unknown field "metadata.bogus"')
        code, out, err = k.run("create -f x.yaml --validate=warn")
        require(code == 0 and err == 'Warning: unknown field "datum"\nWarning: unknown field "metadata.bogus"', f"{code} {out} {err}")
    else:
        k.refused("create -f x.yaml", 'error: error validating "x.yaml": error validating data: [ValidationError(ConfigMap): unknown field '
                  '"datum" in io.k8s.api.core.v1.ConfigMap, ValidationError(ConfigMap.metadata): unknown field "bogus" in '
                  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta]; if you choose to ignore these errors, turn validation off with --validate=false')
        k.says("create -f x.yaml --validate=false", "configmap/x created")
    k.file("bad.yaml", config_map("number", "data: {a: 1}\n"))
    k.refused("create -f bad.yaml --validate=false", 'Error from server (BadRequest): error when creating "bad.yaml": ConfigMap in version '
              '"v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string')
    k.file("bad.yaml", config_map("X_Y", "data: {a b: '1'}\n"))
    k.refused("apply -f bad.yaml", f'The ConfigMap "X_Y" is invalid: \n* metadata.name: Invalid value: "X_Y": {SUBDOMAIN}\n'
              f'* data[a b]: Invalid value: "a b": {KEY}')
    k.file("bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n")
    k.refused("create -f bad.yaml", 'The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required' if k.minor >= 25
              else re.compile('(The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required)'
                              '|(error: error when retrieving .*)'))
    k.refused("create -f -", re.compile(r'error: (error parsing STDIN|unable to recognize "STDIN"|error validating "STDIN").*', re.DOTALL), stdin="kind: [")


def scene_refused_pods(k):
    k.file("p.yaml", """apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Sometimes
  containers:
  - name: A_b
    image: ""
    imagePullPolicy: Perhaps
    ports: [{containerPort: 99999, protocol: FOO}]
    resources: {requests: {cpu: 2}, limits: {cpu: 1}}
    env: [{name: "a=b"}]
    volumeMounts: [{name: nov, mountPath: /x}]
""")
    k.refused("apply -f p.yaml --validate=false", f"""The Pod "p" is invalid: 
* spec.containers[0].name: Invalid value: "A_b": {LABEL}
* spec.containers[0].image: Required value
* spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive
* spec.containers[0].ports[0].protocol: Unsupported value: "FOO": supported values: "SCTP", "TCP", "UDP"
* spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='
* spec.containers[0].volumeMounts[0].name: Not found: "nov"
* spec.containers[0].imagePullPolicy: Unsupported value: "Perhaps": supported values: "Always", "IfNotPresent", "Never"
* spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1
* spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure\"""")
    k.ok("run p --image=busybox")
    code, _, err = k.run("""patch pod p -p '{"spec":{"restartPolicy":"Never"}}'""")
    require(code == 1 and err.startswith('The Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than '
                                         "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                                         "`spec.tolerations` (only additions to existing tolerations)"), err)
    k.says("""patch pod p -p '{"spec":{"containers":[{"name":"p","image":"busybox:2"}]}}'""", "pod/p patched")


def scene_refused_changes(k):
    manifest = """apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {a: SEL}}
  template:
    metadata: {labels: {a: TPL}}
    spec: {containers: [{name: c, image: x}]}
"""
    k.file("d.yaml", manifest.replace("SEL", "b").replace("TPL", "c"))
    k.refused("apply -f d.yaml", 'The Deployment "d" is invalid: spec.template.metadata.labels: Invalid value: {"a":"c"}: '
              "`selector` does not match template `labels`")
    k.file("d.yaml", manifest.replace("SEL", "b").replace("TPL", "b"))
    k.says("apply -f d.yaml", "deployment.apps/d created")
    k.file("d.yaml", manifest.replace("SEL", "d").replace("TPL", "d"))
    k.refused("apply -f d.yaml", 'The Deployment "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"d"}}: field is immutable')
    again = 'configmaps "x" already exists'
    k.ok("create configmap x --from-literal=a=1")
    k.refused("create configmap x", f"error: failed to create configmap: {again}" if k.minor >= 21 else f"Error from server (AlreadyExists): {again}")
    k.refused("""patch configmap x -p '{"metadata":{"resourceVersion":"1"}}'""", 'Error from server (Conflict): Operation cannot be fulfilled '
              'on configmaps "x": the object has been modified; please apply your changes to the latest version and try again')
    k.refused("""patch configmap x --type=json -p '[{"op":"test","path":"/data/a","value":"9"}]'""", "The request is invalid: the server rejected "
              "our request due to an error in our request" if k.minor >= 24 else "The request is invalid")
    k.refused("""patch configmap x --type=json -p '{"a":1}'""",
              "Error from server (BadRequest): json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    k.refused("""patch configmap x --type=merge -p '[1]'""", "Error from server (BadRequest): error decoding patch: json: cannot "
              "unmarshal array into Go value of type map[string]interface {}")
    code, _, err = k.run("""patch configmap x --type=merge -p '{"data":{"a":5}}'""")
    require(code == 1 and err.startswith('The request is invalid: patch: Invalid value: "{') and
            err.endswith("json: cannot unmarshal number into Go struct field ConfigMap.data of type string"), err)
    k.refused("""patch configmap x --type=merge -p '{"metadata":{"name":"zz"}}'""",
              "Error from server (BadRequest): the name of the object (zz) does not match the name on the URL (x)")
    k.refused("create deployment d3 --image=x -n nosuch", "error: failed to create deployment: namespaces \"nosuch\" not found")
    k.refused("create namespace default", 'Error from server (AlreadyExists): namespaces "default" already exists')


def scene_refused_services(k):
    def service(spec):
        return k.file("s.yaml", f"apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {spec}\n")
    service("{ports: [{port: 0}], type: Foo}")
    k.refused("create -f s.yaml", 'The Service "s" is invalid: \n* spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive\n'
              '* spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive\n* spec.type: Unsupported value: "Foo": '
              'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"')
    service("{ports: [{port: 80}], clusterIP: 1.2.3.4}")
    k.refused("create -f s.yaml", 'The Service "s" is invalid: spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the '
              "provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.98.0.0/16")
    service("{ports: [{port: 80, nodePort: 5}], type: NodePort}")
    k.refused("create -f s.yaml", 'The Service "s" is invalid: spec.ports[0].nodePort: Invalid value: 5: provided port is not in the valid range. '
              "The range of valid ports is 30000-32767")
    k.ok("create service clusterip s --tcp=80")
    k.refused("""patch service s -p '{"spec":{"clusterIP":"10.98.0.77"}}'""",
              'The Service "s" is invalid: spec.clusterIPs[0]: Invalid value: ["10.98.0.77"]: may not change once set')


def scene_refused_reads(k):
    k.refused("get pod nosuch", 'Error from server (NotFound): pods "nosuch" not found')
    k.refused("get nosuch", 'error: the server doesn\'t have a resource type "nosuch"')
    code, out, err = k.run("get pods")
    require(code == 0 and out == "" and err == f"No resources found in {k.namespace} namespace.", f"{code} {out} {err}")
    k.refused("get pods -l a=b=c", 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label '
              'selector "a=b=c", field selector "": found \'=\', expected: \',\' or \'end of string\'')
    k.refused("get pods --field-selector=nosuch=1", 'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label '
              'selector "", field selector "nosuch=1": field label not supported: nosuch')
    k.refused("get --raw /api/v1/nosuch", "Error from server (NotFound): the server could not find the requested resource")
    k.refused("top nodes", "error: Metrics API not available")
    require(k.run("auth can-i get pods")[0] != 0, "no access reviews yet")
    require(k.run("autoscale deployment x --max=2")[0] != 0, "no autoscalers yet")
    k.ok("run p --image=busybox")
    k.ok("wait --for=condition=Ready pod/p --timeout=20s")
    code, _, err = k.run("exec p -- true")
    require(code == 1 and "not supported by this server yet" in err, f"exec: {err}")
    code, _, err = k.run("port-forward p 18080:80")
    require(code == 1 and "not supported by this server yet" in err, f"port-forward: {err}")
