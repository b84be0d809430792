{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/part-of: shop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end }}

{{- define "service.image" -}}
{{- with .Values.global.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .Values.image }}:{{ .Values.global.image.tag }}
{{- end }}

{{/* One entry of global.uses, as YAML; fails if there is none of that name. */}}
{{- define "service.use" -}}
{{- if not (hasKey .global.uses .name) }}
{{- fail (printf "%s.uses: there is no %q in global.uses. There are: %s" .by .name (keys .global.uses | sortAlpha | join ", ")) }}
{{- end }}
{{- get .global.uses .name | toYaml }}
{{- end }}

{{/* Its environment as YAML {env: {NAME: value}, secrets: {NAME: secret/key}}: global, then from `uses`, then its own. */}}
{{- define "service.environment" -}}
{{- $env := deepCopy .Values.global.env }}
{{- $secrets := dict }}
{{- range .Values.uses }}
{{- $use := include "service.use" (dict "name" . "by" $.Chart.Name "global" $.Values.global) | fromYaml }}
{{- $env = mergeOverwrite $env ($use.env | default dict) }}
{{- $secrets = mergeOverwrite $secrets ($use.secrets | default dict) }}
{{- end }}
{{- toYaml (dict "env" (mergeOverwrite $env .Values.env) "secrets" (mergeOverwrite $secrets .Values.secrets)) }}
{{- end }}

{{/* Whether an autoscaler decides how many. Also a fixed number: one in the Deployment that is left out later, when values
change, means 1 to Kubernetes, and all but one pod would go at once. */}}
{{- define "service.autoscaled" -}}
{{- $r := .Values.replicas }}
{{- if gt (int $r.min) (int $r.max) }}{{ fail (printf "%s.replicas: min %v is more than max %v" .Chart.Name $r.min $r.max) }}{{ end }}
{{- if and (eq (int $r.min) 0) (not $r.queue) }}{{ fail (printf "%s.replicas.min: 0 needs replicas.queue: without pods there is no CPU to scale by" .Chart.Name) }}{{ end }}
{{- if or (gt (int $r.max) 1) $r.queue }}yes{{ end }}
{{- end }}

{{- define "service.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - { type: Percent, value: 100, periodSeconds: 15 }
    - { type: Pods, value: 4, periodSeconds: 15 }
scaleDown:
  # Keep as many as the busiest moment of this period needed.
  stabilizationWindowSeconds: {{ .Values.global.autoscaling.scaleDownAfterSeconds }}
  policies:
    - { type: Percent, value: 50, periodSeconds: 60 }
{{- end }}
