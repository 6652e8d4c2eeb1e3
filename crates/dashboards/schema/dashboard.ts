// What a dashboard of this repository may say, in the published types of Grafana's dashboards: `generate` turns this into
// dashboard.schema.json. Stricter than Grafana's own types in two things only: a panel's options and field settings are
// those of its type, and what the data sources' plugins define is written down here, as far as it is used.
import {
  Dashboard as GrafanaDashboard,
  DataTransformerConfig,
  GraphFieldConfig,
  MatcherConfig,
  Panel as GrafanaPanel,
  TableFieldOptions,
} from '@grafana/schema';
import * as raw from '@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen';
import * as barChart from '@grafana/schema/dist/types/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import * as barGauge from '@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import * as pieChart from '@grafana/schema/dist/types/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen';
import * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import * as timeSeries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type PostgresSource = { type: 'grafana-postgresql-datasource'; uid: string };
type PrometheusSource = { type: 'prometheus'; uid: string };

/** The query model of the PostgreSQL plugin, SQL written by hand. */
interface SqlTarget {
  datasource: PostgresSource;
  refId: string;
  editorMode: 'code';
  format: 'table' | 'time_series';
  rawQuery: true;
  rawSql: string;
}

/** The query model of the Prometheus plugin. */
interface PrometheusTarget {
  datasource: PrometheusSource;
  refId: string;
  editorMode: 'code';
  expr: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
}

interface DataLink {
  title: string;
  url: string;
  targetBlank?: boolean;
}

interface Defaults<Custom> extends Omit<raw.FieldConfig, 'custom' | 'links'> {
  custom?: Partial<Custom>;
  links?: DataLink[];
}

interface Override {
  matcher: MatcherConfig<unknown>;
  properties: Array<{ id: string; value?: unknown }>;
}

interface Panel<Type extends string, Options, Custom>
  extends Omit<GrafanaPanel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource' | 'transformations'> {
  type: Type;
  datasource: PostgresSource | PrometheusSource;
  options: Partial<Options>;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override[] };
  targets: Array<SqlTarget | PrometheusTarget>;
  transformations?: Array<DataTransformerConfig<unknown>>;
}

interface NoCustomFields {}

type AnyPanel =
  | Panel<'barchart', barChart.Options, barChart.FieldConfig>
  | Panel<'bargauge', barGauge.Options, NoCustomFields>
  | Panel<'piechart', pieChart.Options, pieChart.FieldConfig>
  | Panel<'stat', stat.Options, NoCustomFields>
  | Panel<'table', table.Options, TableFieldOptions>
  | Panel<'timeseries', timeSeries.Options, GraphFieldConfig>;

interface Annotation extends Omit<raw.AnnotationQuery, 'target' | 'datasource'> {
  datasource: PostgresSource | { type: 'grafana'; uid: '-- Grafana --' };
  target?: SqlTarget | raw.AnnotationTarget;
}

interface Variable extends Omit<raw.VariableModel, 'datasource'> {
  datasource?: PostgresSource | null;
}

export interface Dashboard extends Omit<GrafanaDashboard, 'panels' | 'annotations' | 'templating'> {
  panels: AnyPanel[];
  annotations: { list: Annotation[] };
  templating: { list: Variable[] };
}

