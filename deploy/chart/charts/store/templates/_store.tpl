{{- define "store.labels" -}}
{{ include "store.selector" . }}
app.kubernetes.io/component: store
app.kubernetes.io/part-of: shop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "store.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end }}
