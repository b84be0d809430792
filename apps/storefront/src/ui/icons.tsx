// Icons without labels; the text beside an icon names it.
import type { ReactNode } from 'react';

interface IconProps {
  className?: string | undefined;
}

function icon(children: ReactNode, viewBox = '0 0 24 24') {
  return function Icon({ className }: IconProps) {
    return (
      <svg
        className={className}
        viewBox={viewBox}
        width="24"
        height="24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {children}
      </svg>
    );
  };
}

export const SearchIcon = icon(<path d="M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M20 20l-4.8-4.8" />);
export const CartIcon = icon(
  <path d="M5 8h14l-1.2 11.2a1 1 0 0 1-1 .8H7.200a1 1 0 0 1-1-.8zM8.500 8V7a3.500 3.500 0 0 1 7 0v1" />,
);
export const PersonIcon = icon(
  <path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.500 20.500c.8-4 3.700-6 7.500-6s6.700 2 7.500 6" />,
);
export const ThemeIcon = icon(<path d="M12 3a9 9 0 1 0 9 9c-5 1.500-10.500-4-9-9" />);
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const MinusIcon = icon(<path d="M5 12h14" />);
export const CloseIcon = icon(<path d="m6 6 12 12M18 6 6 18" />);
export const CheckIcon = icon(<path d="m5 12.500 4.500 4.500L19 7.500" />);
export const ZoomIcon = icon(<path d="M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5" />);
export const FilterIcon = icon(<path d="M4 7h16M7 12h10M10 17h4" />);
export const NextIcon = icon(<path d="m9 5 7 7-7 7" />);
export const PreviousIcon = icon(<path d="m15 5-7 7 7 7" />);
export const UploadIcon = icon(<path d="M12 16V4m-5 5 5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" />);
export const Sprig = icon(
  <path d="M40 74V30M40 46c-10 0-16-6-17-16 10 0 16 6 17 16M40 58c10 0 16-6 17-16-10 0-16 6-17 16M40 30c-5-6-5-13 0-19 5 6 5 13 0 19" />,
  '0 0 80 80',
);
